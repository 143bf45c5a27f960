//! Browser mode: the refresh token in a cookie that no script can read.

use reqwest::RequestBuilder;
use sekisho::proto::sekisho::v1 as pb;
use serde_json::{Value, json};

use super::{browser::COOKIE, clients};
use crate::support::{
    Answer, TestApp,
    acts::{ADA, login_body},
    app::PASSWORD,
    http::send,
};

const REFRESH: &str = "/api/v1/auth/refresh";
const LOGOUT: &str = "/api/v1/auth/logout";
const GONE: &str = "__Host-sekisho_refresh=; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=0";
const ON: [(&str, &str); 2] = [("SEKISHO_REFRESH_COOKIE", "true"), ("SEKISHO_REFRESH_TTL", "86400")];

async fn start() -> TestApp {
    let app = TestApp::with(&ON).await;
    app.ada().await;
    app
}

fn of_web() -> Value {
    json!({"client_id": "web"})
}

fn in_mode(app: &TestApp, path: &str, body: &Value) -> RequestBuilder {
    app.request("POST", path).header("x-sekisho-cookie", "1").json(body)
}

async fn post(app: &TestApp, path: &str, body: &Value) -> Answer {
    send(in_mode(app, path, body)).await
}

async fn with_token(app: &TestApp, path: &str, token: &str) -> Answer {
    send(in_mode(app, path, &of_web()).header("cookie", format!("{COOKIE}={token}"))).await
}

/// The refresh token that is set, with all that a browser must be told of it.
#[track_caller]
fn token(answer: &Answer) -> String {
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap()).collect();
    let [cookie] = cookies[..] else { panic!("{answer:?}") };
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(attributes, "HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=86400");
    assert_eq!(answer.body["refresh_token"], "", "{answer:?}");
    assert!(!answer.text.contains("skr_"), "{answer:?}");
    let token = pair.strip_prefix(COOKIE).unwrap().strip_prefix('=').unwrap();
    assert!(token.starts_with("skr_"));
    token.to_owned()
}

async fn login(app: &TestApp) -> String {
    let answer = post(app, "/api/v1/auth/login", &login_body("web")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    token(&answer)
}

/// R69.
#[tokio::test(flavor = "multi_thread")]
async fn the_token_is_in_the_cookie_and_nowhere_else() {
    let app = start().await;
    let code = app.code("eve@example.com", "web").await;
    let verify = json!({"email": "eve@example.com", "code": code, "client_id": "web"});
    let signed_up = post(&app, "/api/v1/auth/signup/verify-code", &verify).await;
    assert_eq!(signed_up.status, 201);
    token(&signed_up);
    let first = login(&app).await;
    let answer = with_token(&app, REFRESH, &first).await;
    assert_eq!((answer.status, &answer.body["token_type"]), (200, &json!("Bearer")));
    let second = token(&answer);
    assert_ne!(first, second);
    let access = answer.body["access_token"].as_str().unwrap();
    assert_eq!(app.profile(access).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_ends_the_session_and_takes_the_cookie_away() {
    let app = start().await;
    let first = login(&app).await;
    let answer = with_token(&app, LOGOUT, &first).await;
    assert_eq!((answer.status, answer.header("set-cookie")), (200, Some(GONE)));
    app.refresh(&first, "web").await.refused(401, "refresh_token_invalid");
    let again = with_token(&app, LOGOUT, &first).await;
    assert_eq!((again.status, again.header("set-cookie")), (200, Some(GONE)));
    assert_eq!(again.body, answer.body, "nobody learns whether there was a session");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_setting_the_header_does_nothing() {
    let app = TestApp::start().await;
    app.ada().await;
    let answer = post(&app, "/api/v1/auth/login", &login_body("web")).await;
    let token = answer.refresh_token();
    assert_eq!(answer.header("set-cookie"), None);
    for path in [REFRESH, LOGOUT] {
        let answer = with_token(&app, path, &token).await;
        answer.breaks("refresh_token", "REQUIRED");
        assert_eq!(answer.header("set-cookie"), None);
    }
    assert_eq!(app.refresh(&token, "web").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_header_tokens_are_in_the_body() {
    let app = start().await;
    let token = login(&app).await;
    for value in ["0", "true", "", "1, 1"] {
        let login = app.request("POST", "/api/v1/auth/login").header("x-sekisho-cookie", value);
        let answer = send(login.json(&login_body("phone"))).await;
        assert!(answer.refresh_token().starts_with("skr_"), "{value}");
        assert_eq!(answer.header("set-cookie"), None, "{value}");
        let refresh = app.request("POST", REFRESH).header("x-sekisho-cookie", value).json(&of_web());
        send(refresh.header("cookie", format!("{COOKIE}={token}"))).await.breaks("refresh_token", "REQUIRED");
    }
}

/// R69. Whatever can be told from the refusal, the browser asks no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_token_takes_its_cookie_along() {
    let app = start().await;
    let reused = login(&app).await;
    let second = token(&with_token(&app, REFRESH, &reused).await);
    let third = token(&with_token(&app, REFRESH, &second).await);
    let expired = login(&app).await;
    for (dead, reason) in [
        (&reused, "refresh_token_reused"),
        (&third, "refresh_token_invalid"),
        (&"skr_nothing".to_owned(), "refresh_token_invalid"),
        (&"x".to_owned(), "refresh_token_invalid"),
    ] {
        let answer = with_token(&app, REFRESH, dead).await;
        answer.refused(401, reason);
        assert_eq!(answer.header("set-cookie"), Some(GONE), "{reason}");
    }
    app.advance(86_401);
    let answer = with_token(&app, REFRESH, &expired).await;
    assert_eq!((answer.status, answer.header("set-cookie")), (401, Some(GONE)), "{answer:?}");
}

/// A token that may be good is not thrown away.
#[tokio::test(flavor = "multi_thread")]
async fn other_refusals_leave_the_cookie() {
    let app = TestApp::with(&[ON[0], ON[1], ("SEKISHO_CLIENT_MISMATCH", "refuse")]).await;
    app.ada().await;
    let token = login(&app).await;
    let cookie = format!("{COOKIE}={token}");
    for (body, status, reason) in [
        (json!({"client_id": "other"}), 401, "client_id_mismatch"),
        (json!({}), 400, "validation_error"),
        (json!({"client_id": "a b"}), 400, "validation_error"),
        (json!({"client_id": "web", "more": 1}), 400, "validation_error"),
    ] {
        let answer = send(in_mode(&app, REFRESH, &body).header("cookie", &cookie)).await;
        answer.refused(status, reason);
        assert_eq!(answer.header("set-cookie"), None, "{reason}");
    }
    assert_eq!(with_token(&app, REFRESH, &token).await.status, 200);
}

/// The cookie is never that of a token that came in the body.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_token_of_the_body_leaves_the_cookie() {
    let app = start().await;
    let answer = post(&app, REFRESH, &json!({"client_id": "web", "refresh_token": "skr_nothing"})).await;
    answer.refused(401, "refresh_token_invalid");
    assert_eq!(answer.header("set-cookie"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_tokens_none_is_taken() {
    let app = start().await;
    let (cookie, other) = (login(&app).await, app.login(ADA, "web").await.refresh);
    let both = json!({"client_id": "web", "refresh_token": other});
    for path in [REFRESH, LOGOUT] {
        let answer = send(in_mode(&app, path, &both).header("cookie", format!("{COOKIE}={cookie}"))).await;
        answer.breaks("refresh_token", "REPEATED");
        assert_eq!(answer.header("set-cookie"), None);
        let twice = format!("{COOKIE}={cookie}; {COOKIE}={other}");
        send(in_mode(&app, path, &of_web()).header("cookie", twice)).await.breaks("refresh_token", "REPEATED");
    }
    for token in [&cookie, &other] {
        assert_eq!(app.refresh(token, "web").await.status, 200, "neither session was touched");
    }
}

/// A page that kept its token itself until now moves it by refreshing.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_the_body_moves_into_the_cookie() {
    let app = start().await;
    let session = app.login(ADA, "web").await;
    let answer = post(&app, REFRESH, &json!({"client_id": "web", "refresh_token": session.refresh})).await;
    let moved = token(&answer);
    assert_eq!(with_token(&app, REFRESH, &moved).await.status, 200);
}

/// X01. Two tabs with one cookie: both go on, and none signs the other out.
#[tokio::test(flavor = "multi_thread")]
async fn tabs_that_refresh_at_once_get_the_same_cookie() {
    let app = start().await;
    let first = login(&app).await;
    let tabs = futures_util::future::join_all((0..8).map(|_| with_token(&app, REFRESH, &first))).await;
    let tokens: Vec<String> = tabs.iter().map(token).collect();
    assert!(tokens.iter().all(|token| *token == tokens[0] && *token != first));
}

/// RFC 9113, section 8.2.3.
#[tokio::test(flavor = "multi_thread")]
async fn cookies_come_on_one_line_or_on_several() {
    let app = start().await;
    for (version, client) in clients() {
        let mut token = login(&app).await;
        for several in [false, true] {
            let request = client.post(format!("{}{REFRESH}", app.base())).header("x-sekisho-cookie", "1");
            let request = request.json(&of_web());
            let request = if several {
                let lines = ["theme=dark".to_owned(), format!("{COOKIE}={token}"), "a=b".to_owned()];
                lines.into_iter().fold(request, |request, line| request.header("cookie", line))
            } else {
                request.header("cookie", format!("theme=dark; {COOKIE}={token}; a=b"))
            };
            let answer = send(request).await;
            assert_eq!(answer.status, 200, "{version}: {answer:?}");
            token = self::token(&answer);
        }
    }
}

/// R69. Names that are nearly the cookie's, and values that are no token.
#[tokio::test(flavor = "multi_thread")]
async fn other_cookies_are_not_taken_for_it() {
    let app = start().await;
    let token = login(&app).await;
    for cookie in [
        format!("__host-sekisho_refresh={token}"),
        format!("sekisho_refresh={token}"),
        format!("__Secure-sekisho_refresh={token}"),
        format!("x{COOKIE}={token}"),
        format!("={COOKIE}={token}"),
        COOKIE.to_owned(),
        format!("{COOKIE}="),
        format!("{COOKIE}={}", "x".repeat(4096)),
        "; ;;=".to_owned(),
    ] {
        let answer = send(in_mode(&app, REFRESH, &of_web()).header("cookie", &cookie)).await;
        answer.breaks("refresh_token", "REQUIRED");
    }
    let binary = in_mode(&app, REFRESH, &of_web()).header("cookie", &b"\xff=\xfe"[..]);
    send(binary).await.breaks("refresh_token", "REQUIRED");
}

/// The flows are the same, and so is gRPC.
#[tokio::test(flavor = "multi_thread")]
async fn grpc_knows_no_cookies() {
    let app = start().await;
    let cookie = login(&app).await;
    let (email, password, client_id) = (ADA.to_owned(), PASSWORD.to_owned(), "web".to_owned());
    let mut request = tonic::Request::new(pb::LoginRequest { email, password, client_id, device_name: None });
    request.metadata_mut().insert("x-sekisho-cookie", "1".parse().unwrap());
    let login = app.auth().await.login(request).await.unwrap();
    assert_eq!(login.metadata().get("set-cookie"), None);
    assert!(login.into_inner().refresh_token.starts_with("skr_"));
    let mut request =
        tonic::Request::new(pb::RefreshTokenRequest { refresh_token: String::new(), client_id: "web".to_owned() });
    request.metadata_mut().insert("x-sekisho-cookie", "1".parse().unwrap());
    request.metadata_mut().insert("cookie", format!("{COOKIE}={cookie}").parse().unwrap());
    let status = app.auth().await.refresh_token(request).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::InvalidArgument);
}
