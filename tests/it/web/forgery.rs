//! R69. What a hostile page can have a signed-in person's browser do.

use serde_json::{Value, json};

use super::browser::{Browser, COOKIE, Fetch, Outcome};
use crate::{
    bad_input::schema,
    support::{TestApp, acts::login_body},
};

const OURS: &str = "https://app.example";
const EVIL: [&str; 4] = ["https://evil.example", "https://app.example.evil.example", "http://app.example", "null"];
const COOKIE_MODE: [(&str, &str); 2] = [("SEKISHO_ALLOWED_ORIGINS", OURS), ("SEKISHO_REFRESH_COOKIE", "true")];
const REFRESH: &str = "/api/v1/auth/refresh";

/// A browser that has signed in on our own page, and its access token.
async fn signed_in(app: &TestApp) -> (Browser<'_>, String) {
    app.ada().await;
    let mut browser = Browser::new(app);
    let login = Fetch::new("POST", "/api/v1/auth/login").json(&login_body("web")).in_cookie_mode();
    let answer = browser.fetch(OURS, login).await.read();
    assert_eq!(answer.status, 200, "{answer:?}");
    (browser, answer.body["access_token"].as_str().unwrap().to_owned())
}

fn body() -> Value {
    json!({"client_id": "web", "refresh_token": ""})
}

/// Everything that a form can send, or a script without asking first.
fn simple_requests(path: &str) -> Vec<Fetch> {
    let json = body().to_string();
    let form = "client_id=web&refresh_token=";
    let multipart = "--x\r\nContent-Disposition: form-data; name=\"client_id\"\r\n\r\nweb\r\n--x--\r\n";
    let post = |content_type: &str, body: &str| Fetch::new("POST", path).body(content_type, body);
    let requests = [
        Fetch::new("GET", path),
        Fetch::new("GET", &format!("{path}?client_id=web&x-sekisho-cookie=1")),
        Fetch::new("HEAD", path),
        Fetch::new("POST", path),
        Fetch::new("POST", &format!("{path}?client_id=web")),
        post("application/x-www-form-urlencoded", form),
        post("application/x-www-form-urlencoded", &json),
        post("multipart/form-data; boundary=x", multipart),
        post("text/plain", &json),
        post("text/plain;charset=UTF-8", &json),
        post("text/plain; application/json", &json),
        // What a form of type text/plain makes of a name and a value.
        post("text/plain", "{\"client_id\":\"web\",\"x\":\"=\"}\r\n"),
    ];
    requests.into_iter().map(Fetch::with_credentials).collect()
}

/// What a script can send only if the service lets its origin.
fn requests_with_preflight(path: &str) -> Vec<Fetch> {
    let post = || Fetch::new("POST", path);
    let requests = [
        post().json(&body()),
        post().in_cookie_mode().json(&body()),
        post().in_cookie_mode().body("text/plain", &body().to_string()),
        post().in_cookie_mode(),
        post().header("authorization", "Bearer x"),
        post().body("application/grpc-web+proto", "\0\0\0\0\0"),
        Fetch::new("GET", path).in_cookie_mode(),
        Fetch::new("PUT", path).json(&body()),
        Fetch::new("DELETE", path),
        Fetch::new("PATCH", path),
    ];
    requests.into_iter().map(Fetch::with_credentials).collect()
}

/// R69. No route does anything, and no page reads anything.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_does_nothing_and_reads_nothing() {
    let app = TestApp::with(&COOKIE_MODE).await;
    let (mut browser, access) = signed_in(&app).await;
    let cookies = browser.cookies.clone();
    let events = app.audit_kinds().await;
    let mut paths: Vec<_> = schema::routes().iter().map(|route| route.path.replace("{session_id}", "x")).collect();
    paths.dedup();
    for path in &paths {
        for request in simple_requests(path) {
            match browser.fetch(EVIL[0], request.clone()).await {
                Outcome::Hidden(answer) => {
                    // Those do nothing, for anybody.
                    let is_public = ["/.well-known/jwks.json", "/api/v1/auth/password/check"].contains(&path.as_str());
                    assert!(answer.status >= 400 || is_public, "{path}: {answer:?}");
                    assert_eq!(answer.header("set-cookie"), None, "{path}: {answer:?}");
                }
                other => panic!("{path}: {other:?}"),
            }
            let answer = browser.navigate(EVIL[0], request).await;
            assert_eq!(answer.header("set-cookie"), None, "{path}: {answer:?}");
        }
        for request in requests_with_preflight(path) {
            let outcome = browser.fetch(EVIL[0], request).await;
            assert!(matches!(outcome, Outcome::Blocked), "{path}: {outcome:?}");
        }
    }
    assert_eq!((&browser.cookies, app.audit_kinds().await), (&cookies, events));
    assert_eq!(app.profile(&access).await.status, 200, "the session lives");
    let refresh = Fetch::new("POST", REFRESH).json(&body()).in_cookie_mode();
    assert_eq!(browser.fetch(OURS, refresh).await.read().status, 200);
}

/// R69. Origins that look like ours, or like none.
#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_origin_the_cookie_is_of_no_use_to_it() {
    let app = TestApp::with(&COOKIE_MODE).await;
    let (mut browser, _) = signed_in(&app).await;
    let cookies = browser.cookies.clone();
    for origin in EVIL {
        for path in [REFRESH, "/api/v1/auth/logout"] {
            for request in simple_requests(path) {
                let outcome = browser.fetch(origin, request).await;
                assert!(matches!(outcome, Outcome::Hidden(answer) if answer.status >= 400), "{origin}");
            }
            for request in requests_with_preflight(path) {
                assert!(matches!(browser.fetch(origin, request).await, Outcome::Blocked), "{origin}");
            }
        }
    }
    assert_eq!(browser.cookies, cookies);
}

/// R69. A page of ours without the header is nobody, too: the header is the guard
/// where an origin of ours is at fault.
#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_without_the_header_is_not_looked_at() {
    let app = TestApp::with(&COOKIE_MODE).await;
    let (mut browser, _) = signed_in(&app).await;
    for path in [REFRESH, "/api/v1/auth/logout"] {
        let request = Fetch::new("POST", path).with_credentials().json(&body());
        let answer = browser.fetch(OURS, request).await.read();
        answer.breaks("refresh_token", "REQUIRED");
        assert!(browser.cookies.contains_key(COOKIE));
    }
}

/// The matrix above would pass if the browser did nothing at all.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_ours_does_and_reads_everything() {
    let app = TestApp::with(&COOKIE_MODE).await;
    let (mut browser, access) = signed_in(&app).await;
    let before = browser.cookies[COOKIE].clone();
    let post = |path: &str| Fetch::new("POST", path).json(&json!({"client_id": "web"})).in_cookie_mode();
    let refreshed = browser.fetch(OURS, post(REFRESH)).await.read();
    assert_eq!((refreshed.status, &refreshed.body["refresh_token"]), (200, &json!("")), "{refreshed:?}");
    assert_ne!(browser.cookies[COOKIE], before);
    let bearer = format!("Bearer {access}");
    let profile = Fetch::new("PUT", "/api/v1/user/profile").json(&json!({"display_name": "Ada"}));
    assert_eq!(browser.fetch(OURS, profile.header("authorization", &bearer)).await.read().status, 200);
    assert_eq!(browser.fetch(OURS, post("/api/v1/auth/logout")).await.read().status, 200);
    assert!(browser.cookies.is_empty());
}
