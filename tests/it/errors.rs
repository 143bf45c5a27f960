//! Refusals: who is not let in, and what is not read.

use serde_json::json;

use crate::support::{Answer, TestApp, acts::ADA, app::PASSWORD, http};

const LOGIN: &str = "/api/v1/auth/login";
const PROFILE: &str = "/api/v1/user/profile";
/// Every route that needs a bearer.
const GUARDED: [(&str, &str); 11] = [
    ("GET", "/api/v1/auth/sessions"),
    ("DELETE", "/api/v1/auth/sessions/018f5e2a-0000-7000-8000-000000000000"),
    ("POST", "/api/v1/auth/logout-all"),
    ("POST", "/api/v1/auth/sessions/logout-all"),
    ("POST", "/api/v1/auth/reauthenticate"),
    ("GET", PROFILE),
    ("PUT", PROFILE),
    ("POST", "/api/v1/user/password"),
    ("POST", "/api/v1/user/email/send-code"),
    ("POST", "/api/v1/user/email/verify-code"),
    ("DELETE", "/api/v1/user/account"),
];

fn takes_body(method: &str) -> bool {
    ["POST", "PUT"].contains(&method)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_brings_no_token_is_asked_to_sign_in() {
    let app = TestApp::start().await;
    for (method, path) in GUARDED {
        let request = app.request(method, path);
        let answer = http::send(if takes_body(method) { request.json(&json!({})) } else { request }).await;
        answer.refused(401, "unauthorized");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_does_not_verify_is_invalid_everywhere() {
    let app = TestApp::start().await;
    let stranger = TestApp::start().await.ada().await.access;
    let ada = app.ada().await;
    let parts: Vec<&str> = ada.access.split('.').collect();
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{}.", parts[1]);
    let swapped = format!("{}.{}.{}", parts[0], stranger.split('.').nth(1).unwrap(), parts[2]);
    for token in ["nonsense", &stranger, &unsigned, &swapped, &ada.refresh] {
        for (method, path) in GUARDED {
            let answer = app.call(method, path, token, takes_body(method).then(|| json!({}))).await;
            answer.refused(401, "access_token_invalid");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
        }
    }
}

/// The five seconds are for clocks that differ.
#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_expires() {
    let app = TestApp::start().await;
    let access = app.ada().await.access;
    app.advance(899);
    assert_eq!(app.profile(&access).await.status, 200);
    app.advance(6);
    app.profile(&access).await.refused(401, "access_token_expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_broken_rule_of_a_request_is_named() {
    let app = TestApp::start().await;
    let body = json!({"email": "ada", "password": "gh7wkxq", "client_id": ""});
    let answer = app.post_in("ja", "/api/v1/auth/signup/send-code", body).await;
    answer.refused(400, "validation_error");
    let wanted = [("email", "MALFORMED"), ("password", "TOO_SHORT"), ("client_id", "REQUIRED")];
    assert_eq!(answer.fields(), wanted.map(|(field, rule)| (field.to_owned(), rule.to_owned())));
    let messages: Vec<_> = answer.body["details"]["fields"].as_array().unwrap().iter().map(|f| &f["message"]).collect();
    assert_eq!(messages, ["形式が正しくありません。", "8文字以上で入力してください。", "必須項目です。"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_is_negotiated() {
    let app = TestApp::start().await;
    let (english, japanese) =
        ("The e-mail address or the password is wrong.", "メールアドレスまたはパスワードが正しくありません。");
    for (accept, wanted) in [("ja", japanese), ("fr,ja;q=0.8,en;q=0.4", japanese), ("en-GB,ja", english), ("", english)]
    {
        let body = json!({"email": ADA, "password": PASSWORD, "client_id": "laptop"});
        assert_eq!(app.post_in(accept, LOGIN, body).await.body["message"], wanted, "{accept}");
    }
}

async fn raw(app: &TestApp, method: &str, path: &str, content_type: &str, body: String) -> Answer {
    http::send(app.request(method, path).header("content-type", content_type).body(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_are_read_strictly() {
    let app = TestApp::start().await;
    let json = "application/json";
    for (body, rule) in [
        ("{", "INVALID_JSON"),
        ("[]", "INVALID_JSON"),
        ("{} {}", "INVALID_JSON"),
        (r#"{"email":7,"password":"x","client_id":"x"}"#, "WRONG_TYPE"),
        (r#"{"user":"x"}"#, "UNKNOWN_FIELD"),
        (r#"{"email":"a@b.example","email":"a@b.example"}"#, "REPEATED"),
    ] {
        let answer = raw(&app, "POST", LOGIN, json, body.to_owned()).await;
        answer.refused(400, "validation_error");
        assert_eq!(answer.fields()[0].1, rule, "{body}");
    }
    let not_json = raw(&app, "POST", LOGIN, "text/plain", "{}".to_owned()).await;
    not_json.refused(415, "unsupported_media_type");
    let large = format!("{{\"email\":\"{}\"}}", "x".repeat(1 << 20));
    raw(&app, "POST", LOGIN, json, large).await.refused(413, "request_too_large");
}

#[tokio::test(flavor = "multi_thread")]
async fn routes_and_methods_that_do_not_exist_are_named_so() {
    let app = TestApp::start().await;
    for path in ["/nowhere", "/api/v1/auth", "/api/v1/auth/login/", "/api/v2/auth/login"] {
        http::send(app.request("GET", path)).await.refused(404, "not_found");
    }
    let answer = http::send(app.request("DELETE", PROFILE)).await;
    answer.refused(405, "method_not_allowed");
    let mut allowed: Vec<&str> = answer.header("allow").unwrap().split(", ").collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "PUT"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_has_the_same_shape() {
    let app = TestApp::start().await;
    for request in [app.request("GET", "/nowhere"), app.request("GET", PROFILE), app.request("GET", LOGIN)] {
        let answer = http::send(request).await;
        let keys: Vec<&String> = answer.body.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["details", "error", "message", "request_id"]);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.body["request_id"], answer.header("x-request-id").unwrap());
    }
}
