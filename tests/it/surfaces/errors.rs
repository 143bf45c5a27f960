//! A refusal is the same over gRPC and REST.

use sekisho::proto::sekisho::v1 as pb;
use serde_json::{Map, Value, json};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use crate::support::{
    Answer, TestApp,
    acts::{ADA, WRONG, other_code},
    http,
};

const REQUEST_ID: &str = "same";

fn japanese<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("accept-language", "ja".parse().unwrap());
    request.metadata_mut().insert("x-request-id", REQUEST_ID.parse().unwrap());
    request
}

async fn over_rest(app: &TestApp, path: &str, body: Value) -> Answer {
    let request = app.request("POST", path).header("accept-language", "ja").header("x-request-id", REQUEST_ID);
    http::send(request.json(&body)).await
}

/// The REST body that a status amounts to.
fn as_json(status: &Status) -> Value {
    let details = status.get_error_details();
    let info = details.error_info().unwrap();
    assert_eq!(info.domain, "sekisho");
    assert_eq!(details.localized_message().unwrap().locale, "ja");
    let mut object: Map<String, Value> = info.metadata.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
    if let Some(delay) = details.retry_info().and_then(|retry| retry.retry_delay) {
        object.insert("retry_after".into(), delay.as_secs().into());
    }
    if let Some(request) = details.bad_request() {
        let fields = request.field_violations.iter().map(|violation| {
            let message = violation.localized_message.as_ref().unwrap();
            assert_ne!(message.message, violation.description);
            json!({"field": violation.field, "reason": violation.reason, "message": message.message})
        });
        object.insert("fields".into(), fields.collect());
    }
    json!({
        "error": info.reason.to_ascii_lowercase(),
        "message": details.localized_message().unwrap().message,
        "details": object,
        "request_id": details.request_info().unwrap().request_id,
    })
}

fn login(email: &str, password: &str, client_id: &str) -> (Request<pb::LoginRequest>, Value) {
    let body = json!({"email": email, "password": password, "client_id": client_id});
    let (email, password, client_id) = (email.to_owned(), password.to_owned(), client_id.to_owned());
    (japanese(pb::LoginRequest { email, password, client_id, device_name: None }), body)
}

/// R15.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_login_reads_the_same() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_LOGIN", "2/300")]).await;
    for (email, password, client_id, code, http) in [
        ("ada", "", "a b", Code::InvalidArgument, 400),
        (ADA, WRONG, "laptop", Code::Unauthenticated, 401),
        (ADA, WRONG, "laptop", Code::ResourceExhausted, 429),
    ] {
        let (request, body) = login(email, password, client_id);
        let status = app.auth().await.login(request).await.unwrap_err();
        let answer = over_rest(&app, "/api/v1/auth/login", body).await;
        assert_eq!((status.code(), answer.status), (code, http));
        assert_eq!(as_json(&status), answer.body);
        for name in ["www-authenticate", "retry-after", "x-request-id"] {
            let metadata = status.metadata().get(name).map(|value| value.to_str().unwrap());
            assert_eq!(metadata, answer.header(name), "{name}");
        }
    }
}

/// R15, R24.
#[tokio::test(flavor = "multi_thread")]
async fn attempts_left_are_counted_across_surfaces() {
    let app = TestApp::start().await;
    let code = other_code(&app.code(ADA, "laptop").await);
    let body = json!({"email": ADA, "code": code, "client_id": "laptop"});
    let request = pb::VerifySignupCodeRequest { email: ADA.to_owned(), code, client_id: "laptop".to_owned() };
    let status = app.auth().await.verify_signup_code(japanese(request)).await.unwrap_err();
    let answer = over_rest(&app, "/api/v1/auth/signup/verify-code", body).await;
    let (mut first, second) = (as_json(&status), answer.body);
    assert_eq!(first["details"], json!({"attempts_left": "4"}));
    first["details"]["attempts_left"] = "3".into();
    assert_eq!(first, second);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_signed_in_reads_the_same() {
    let app = TestApp::start().await;
    let status = app.users().await.get_profile(japanese(pb::GetProfileRequest {})).await.unwrap_err();
    let request = app.request("GET", "/api/v1/user/profile").header("accept-language", "ja");
    let answer = http::send(request.header("x-request-id", REQUEST_ID)).await;
    answer.refused(401, "unauthorized");
    assert_eq!(as_json(&status), answer.body);
    assert_eq!(status.metadata().get("www-authenticate").unwrap(), answer.header("www-authenticate").unwrap());
}
