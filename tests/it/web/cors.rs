//! R69. Which pages' scripts are let in.

use super::clients;
use crate::support::{Answer, TestApp, acts::login_body, http::send};

const OURS: &str = "https://app.example";
const ALLOW_ORIGIN: &str = "access-control-allow-origin";
const CREDENTIALS: &str = "access-control-allow-credentials";
const LISTED: [(&str, &str); 1] = [("SEKISHO_ALLOWED_ORIGINS", "https://app.example,https://[2001:db8::1]:8443")];
const WITH_COOKIES: [(&str, &str); 2] = [LISTED[0], ("SEKISHO_REFRESH_COOKIE", "true")];

/// Casdoor CVE-2024-41657 took what began like a listed origin.
const TRICKS: [&[u8]; 24] = [
    b"https://app.example.evil.example",
    b"https://app.example.",
    b"https://app.exampl",
    b"https://app.example:443",
    b"https://app.example:8443",
    b"https://app.example/",
    b"https://app.example#",
    b"https://app.example@evil.example",
    b"https://evil.example#https://app.example",
    b"https://evil.example,https://app.example",
    b"https://app.example,https://evil.example",
    b"https://app.example https://evil.example",
    b"https://evilapp.example",
    b"https://sub.app.example",
    b"https://APP.example",
    b"HTTPS://app.example",
    b"http://app.example",
    b"https://app-example",
    b"https://[2001:db8::1]",
    b"https://[2001:db8::1]:84433",
    b"null",
    b"*",
    b"",
    b"https://app.example\xff",
];

fn list(answer: &Answer, name: &str) -> Vec<String> {
    let mut items: Vec<String> =
        answer.header(name).unwrap().split(',').map(|item| item.trim().to_ascii_lowercase()).collect();
    items.sort_unstable();
    items
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preflight_says_what_a_script_may_send_and_for_how_long() {
    for (settings, mode_header) in [(&LISTED[..], None), (&WITH_COOKIES[..], Some("x-sekisho-cookie"))] {
        let app = TestApp::with(settings).await;
        for (version, client) in clients() {
            let request = client.request("OPTIONS".parse().unwrap(), format!("{}/api/v1/auth/login", app.base()));
            let request = request.header("origin", OURS).header("access-control-request-method", "POST");
            let answer = send(request.header("access-control-request-headers", "content-type")).await;
            assert_eq!((answer.status, answer.text.as_str()), (200, ""), "{version}");
            assert_eq!(answer.header(ALLOW_ORIGIN), Some(OURS));
            assert_eq!(answer.header("access-control-max-age"), Some("3600"));
            assert_eq!(answer.header(CREDENTIALS), mode_header.map(|_| "true"));
            assert_eq!(list(&answer, "access-control-allow-methods"), ["delete", "get", "head", "post", "put"]);
            let mut headers: Vec<_> = ["accept-language", "authorization", "content-type", "grpc-timeout"]
                .into_iter()
                .chain(["traceparent", "x-grpc-web", "x-request-id"])
                .chain(mode_header)
                .chain(["x-user-agent"])
                .collect();
            headers.sort_unstable();
            assert_eq!(list(&answer, "access-control-allow-headers"), headers);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_reads_what_it_needs_of_an_answer() {
    let app = TestApp::with(&LISTED).await;
    for (origin, method, path, status) in [
        (OURS, "GET", "/.well-known/jwks.json", 200),
        (OURS, "POST", "/api/v1/auth/login", 400),
        (OURS, "GET", "/nowhere", 404),
        ("https://[2001:db8::1]:8443", "GET", "/api/v1/user/profile", 401),
    ] {
        let answer = send(app.request(method, path).header("origin", origin)).await;
        assert_eq!((answer.status, answer.header(ALLOW_ORIGIN)), (status, Some(origin)), "{path}");
        assert!(list(&answer, "vary").contains(&"origin".to_owned()));
        let exposed = ["grpc-message", "grpc-status", "grpc-status-details-bin", "retry-after"];
        let exposed: Vec<_> = exposed.into_iter().chain(["www-authenticate", "x-request-id"]).collect();
        assert_eq!(list(&answer, "access-control-expose-headers"), exposed);
        assert_eq!(answer.header(CREDENTIALS), None);
    }
}

/// R69.
#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_only_looks_like_a_listed_one_is_another() {
    let app = TestApp::with(&WITH_COOKIES).await;
    for (version, client) in clients() {
        for origin in TRICKS {
            let what = format!("{version} {}", String::from_utf8_lossy(origin));
            let url = format!("{}/api/v1/auth/login", app.base());
            let preflight = client.request("OPTIONS".parse().unwrap(), &url).header("origin", origin);
            let call = client.post(&url).header("origin", origin).json(&login_body("x"));
            let grpc_web = client.post(format!("{}/sekisho.v1.AuthService/Login", app.base()));
            let grpc_web = grpc_web.header("origin", origin).header("content-type", "application/grpc-web+proto");
            for request in [preflight.header("access-control-request-method", "POST"), call, grpc_web] {
                let headers = request.send().await.unwrap().headers().clone();
                assert_eq!((headers.get(ALLOW_ORIGIN), headers.get(CREDENTIALS)), (None, None), "{what}");
                assert!(headers["vary"].to_str().unwrap().contains("origin"), "{what}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_list_nobody_is_let_in() {
    let app = TestApp::with(&[("SEKISHO_REFRESH_COOKIE", "true")]).await;
    for origin in [OURS, "null", "*", &app.base()] {
        let answer = send(app.request("GET", "/.well-known/jwks.json").header("origin", origin)).await;
        assert_eq!((answer.header(ALLOW_ORIGIN), answer.header(CREDENTIALS)), (None, None), "{origin}");
    }
}

/// Cookies are for REST.
#[tokio::test(flavor = "multi_thread")]
async fn grpc_web_has_no_credentials() {
    let app = TestApp::with(&WITH_COOKIES).await;
    let call = app.request("POST", "/sekisho.v1.AuthService/Login").header("origin", OURS);
    let headers = call.header("content-type", "application/grpc-web+proto").send().await.unwrap().headers().clone();
    assert_eq!(headers[ALLOW_ORIGIN], OURS);
    assert_eq!(headers.get(CREDENTIALS), None);
}
