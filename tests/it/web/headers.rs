//! What every answer tells a browser.

use reqwest::header::HeaderMap;
use serde_json::json;

use super::clients;
use crate::{
    bad_input::schema,
    support::{TestApp, acts::login_body, http::send},
    surfaces::grpc_web,
};

const ALWAYS: [(&str, &str); 5] = [
    ("content-security-policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];
const STRICT: &str = "strict-transport-security";
const KEYS: &str = "/.well-known/jwks.json";

/// That an answer that is data has its headers.
#[track_caller]
fn protected(headers: &HeaderMap, what: &str) {
    for (name, wanted) in ALWAYS {
        let values: Vec<_> = headers.get_all(name).iter().collect();
        assert_eq!(values, [wanted], "{what}: {name}");
    }
}

#[track_caller]
fn not_kept(headers: &HeaderMap, what: &str) {
    let values: Vec<_> = headers.get_all("cache-control").iter().collect();
    assert_eq!(values, ["no-store"], "{what}");
}

/// R69. Whatever comes of it, on every route and off them.
#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_protected() {
    let app = TestApp::start().await;
    let routes = schema::routes();
    assert!(routes.len() > 10);
    let paths = routes.iter().map(|route| route.path.replace("{session_id}", "x"));
    let paths: Vec<String> = paths.chain(["/nowhere".to_owned(), "/dev/mailbox".to_owned()]).collect();
    for (version, client) in clients() {
        for path in &paths {
            for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
                let what = format!("{version} {method} {path}");
                let url = format!("{}{path}", app.base());
                let response = client.request(method.parse().unwrap(), url).send().await.unwrap();
                protected(response.headers(), &what);
                let is_read = matches!(method, "GET" | "HEAD");
                if path == KEYS && is_read {
                    let kept = response.headers()["cache-control"].to_str().unwrap();
                    assert!(kept.contains("public") && kept.contains("max-age="), "{what}: {kept}");
                } else {
                    not_kept(response.headers(), &what);
                }
            }
        }
    }
}

/// R69. Answers with tokens, with personal data, and refusals of each kind.
#[tokio::test(flavor = "multi_thread")]
async fn successes_and_refusals_are_protected() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_CODE", "1/300")]).await;
    let code = app.code("eve@example.com", "laptop").await;
    let ada = app.ada().await;
    let verify = json!({"email": "eve@example.com", "code": code, "client_id": "laptop"});
    let refresh = json!({"refresh_token": ada.refresh, "client_id": "laptop"});
    let send_code = json!({"email": "eve@example.com", "password": crate::support::app::PASSWORD, "client_id": "x"});
    for (method, path, body, status) in [
        ("POST", "/api/v1/auth/signup/verify-code", Some(verify), 201),
        ("POST", "/api/v1/auth/login", Some(login_body("phone")), 200),
        ("POST", "/api/v1/auth/refresh", Some(refresh), 200),
        ("POST", "/api/v1/auth/refresh", Some(json!({"refresh_token": "x", "client_id": "x"})), 401),
        ("POST", "/api/v1/auth/signup/send-code", Some(send_code), 429),
        ("POST", "/api/v1/auth/login", Some(json!({"email": "x".repeat(70_000)})), 413),
        ("GET", "/api/v1/user/profile", None, 200),
        ("GET", "/api/v1/auth/sessions", None, 200),
        ("GET", "/api/v1/auth/sessions?a=b", None, 400),
        ("DELETE", "/api/v1/auth/login", None, 405),
        ("GET", "/api/v1/auth/nothing", None, 404),
    ] {
        let answer = app.call(method, path, &ada.access, body).await;
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        protected(&answer.headers, path);
        not_kept(&answer.headers, path);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header(STRICT), None, "{path}: nobody said that there is TLS");
    }
    let text = send(app.request("POST", "/api/v1/auth/login").header("content-type", "text/plain").body("{}")).await;
    text.refused(415, "unsupported_media_type");
    protected(&text.headers, "415");
}

/// RFC 6797, section 7.2: never without TLS.
#[tokio::test(flavor = "multi_thread")]
async fn tls_is_insisted_on_where_there_is_tls() {
    let app = TestApp::with(&[("SEKISHO_TLS_TERMINATED", "true")]).await;
    for path in [KEYS, "/nowhere", "/api/v1/user/profile"] {
        let answer = send(app.request("GET", path)).await;
        assert_eq!(answer.header(STRICT), Some("max-age=31536000"), "{path}");
    }
    let preflight = send(app.request("OPTIONS", KEYS).header("origin", "https://app.example")).await;
    assert_eq!(preflight.header(STRICT), Some("max-age=31536000"));
}

/// R69.
#[tokio::test(flavor = "multi_thread")]
async fn grpc_web_is_protected() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    let message = sekisho::proto::sekisho::v1::GetProfileRequest {};
    let bearer = format!("Bearer {}", ada.access);
    for headers in [&[("authorization", bearer.as_str())][..], &[]] {
        let method = "sekisho.v1.UserService/GetProfile";
        let reply = grpc_web::call_with(&app, grpc_web::Encoding::Binary, method, &message, headers).await;
        protected(&reply.headers, method);
        not_kept(&reply.headers, method);
    }
}
