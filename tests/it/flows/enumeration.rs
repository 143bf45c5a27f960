//! Whether answers tell which addresses have an account. Their time is measured by
//! `load/run.sh enumeration`.

use prost::Message;
use prost_reflect::DynamicMessage;
use reqwest::{RequestBuilder, header::HeaderMap};
use serde_json::{Value, json};

use crate::{
    bad_input::{schema, wire::frame},
    support::{
        TestApp,
        acts::{ADA, WRONG},
        app::PASSWORD,
    },
};

/// As long as the one that has an account.
const NOBODY: &str = "eve@example.com";
/// As often as all budgets of an address are met.
const TIMES: usize = 7;
const DAY: u64 = 86_400;

/// An act on an address.
struct Act {
    path: &'static str,
    /// Seconds until its budget is not empty; a code that waits is still good then.
    wait: u64,
    /// What is sent beside the address.
    more: Value,
    /// Of the first answer over REST.
    status: u16,
    /// Of the first answer over gRPC; none where it comes after a message.
    code: Option<&'static str>,
}

fn acts() -> [Act; 5] {
    let act = |path, wait, more, status, code| Act { path, wait, more, status, code };
    [
        act("signup/send-code", DAY, json!({"password": PASSWORD}), 200, None),
        act("signup/resend-code", 600, json!({}), 200, None),
        act("login", DAY, json!({"password": WRONG}), 401, Some("16")),
        act("password-reset/send-code", DAY, json!({}), 200, None),
        act("password-reset/verify-code", 0, json!({"code": "000000"}), 400, Some("3")),
    ]
}

/// Status, headers but for the date, and bytes; the address that was asked about is
/// written alike.
async fn answer(request: RequestBuilder, email: &str) -> (u16, HeaderMap, String) {
    let answer = request.header("x-request-id", "same").send().await.unwrap();
    let (status, mut headers) = (answer.status().as_u16(), answer.headers().clone());
    headers.remove("date");
    let bytes = answer.bytes().await.unwrap();
    (status, headers, String::from_utf8_lossy(&bytes).replace(email, "EMAIL"))
}

fn body(more: &Value, email: &str, client_id: &str) -> Value {
    let mut body = more.clone();
    body["email"] = json!(email);
    body["client_id"] = json!(client_id);
    body
}

/// R14: over REST, at every call up to its limit and beyond. The wrong code is one in a
/// million.
#[tokio::test(flavor = "multi_thread")]
async fn over_rest_known_and_unknown_addresses_are_answered_alike() {
    let app = TestApp::start().await;
    app.ada().await;
    for Act { path, wait, more, status, .. } in acts() {
        app.advance(wait);
        for time in 0..TIMES {
            let ask = async |email| {
                let request = app.request("POST", &format!("/api/v1/auth/{path}"));
                answer(request.json(&body(&more, email, "phone")), email).await
            };
            let known = ask(ADA).await;
            assert_eq!(known, ask(NOBODY).await, "{path}");
            assert!(time > 0 || known.0 == status, "{path}: {known:?}");
        }
    }
}

/// R14: the same over gRPC, where a refusal is in the headers.
#[tokio::test(flavor = "multi_thread")]
async fn over_grpc_known_and_unknown_addresses_are_answered_alike() {
    let app = TestApp::start().await;
    app.ada().await;
    let http2 = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    let routes = schema::routes();
    for Act { path, wait, more, code, .. } in acts() {
        app.advance(wait);
        let route = routes.iter().find(|route| route.path == format!("/api/v1/auth/{path}")).unwrap();
        for time in 0..TIMES {
            let ask = async |email| {
                let message = DynamicMessage::deserialize(route.input.clone(), body(&more, email, "phone")).unwrap();
                let request = http2.post(format!("{}{}", app.base(), route.rpc)).header("te", "trailers");
                let request = request.header("content-type", "application/grpc");
                answer(request.body(frame(0, &message.encode_to_vec())), email).await
            };
            let known = ask(ADA).await;
            assert_eq!(known, ask(NOBODY).await, "{path}");
            let told = known.1.get("grpc-status").map(|code| code.to_str().unwrap());
            assert!(time > 0 || told == code, "{path}: {known:?}");
        }
    }
}
