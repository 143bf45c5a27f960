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
        cost::{operations, since},
    },
};

/// As long as the one that has an account.
const NOBODY: &str = "eve@example.com";
/// As often as all budgets of an address are met.
const TIMES: usize = 7;
const DAY: u64 = 86_400;
const SENT: &str = "a code is on its way";
const NOT_PENDING: &str = "session_not_found";

/// An act on an address.
struct Act {
    path: &'static str,
    client_id: &'static str,
    /// Seconds until its budget is not empty; a code that waits is still good then.
    wait: u64,
    /// What is sent beside the address.
    more: Value,
    /// Part of the first answer over REST.
    says: &'static str,
    /// Of the first answer over gRPC; none where it comes after a message.
    code: Option<&'static str>,
}

/// For a code: with none pending, one of another client, and one that is guessed at until
/// it is void.
fn acts() -> [Act; 11] {
    let act = |path, client_id, wait, more, says, code| Act { path, client_id, wait, more, says, code };
    let code = || json!({"code": "000000"});
    [
        act("signup/resend-code", "phone", DAY, json!({}), NOT_PENDING, Some("3")),
        act("signup/verify-code", "phone", 0, code(), NOT_PENDING, Some("3")),
        act("signup/send-code", "phone", DAY, json!({"password": PASSWORD}), SENT, None),
        act("signup/resend-code", "phone", 600, json!({}), SENT, None),
        act("signup/verify-code", "tablet", 0, code(), "client_id_mismatch", Some("16")),
        act("signup/verify-code", "phone", 0, code(), "invalid_code", Some("3")),
        act("login", "phone", DAY, json!({"password": WRONG}), "invalid_credentials", Some("16")),
        act("password-reset/verify-code", "phone", 0, code(), NOT_PENDING, Some("3")),
        act("password-reset/send-code", "phone", DAY, json!({}), SENT, None),
        act("password-reset/verify-code", "tablet", 0, code(), "client_id_mismatch", Some("16")),
        act("password-reset/verify-code", "phone", 0, code(), "invalid_code", Some("3")),
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
    for Act { path, client_id, wait, more, says, .. } in acts() {
        app.advance(wait);
        for time in 0..TIMES {
            let ask = async |email| {
                let request = app.request("POST", &format!("/api/v1/auth/{path}"));
                answer(request.json(&body(&more, email, client_id)), email).await
            };
            let known = ask(ADA).await;
            assert_eq!(known, ask(NOBODY).await, "{path}");
            assert!(time > 0 || known.2.contains(says), "{path}: {known:?}");
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
    for Act { path, client_id, wait, more, code, .. } in acts() {
        app.advance(wait);
        let route = routes.iter().find(|route| route.path == format!("/api/v1/auth/{path}")).unwrap();
        for time in 0..TIMES {
            let ask = async |email| {
                let message = DynamicMessage::deserialize(route.input.clone(), body(&more, email, client_id)).unwrap();
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

/// R14: what an answer costs the stores shows in its time. A guess does not even look at
/// the account, for one that is there takes longer to read.
#[tokio::test(flavor = "multi_thread")]
async fn known_and_unknown_addresses_cost_the_stores_the_same() {
    let app = TestApp::start().await;
    app.ada().await;
    for Act { path, client_id, wait, more, .. } in acts() {
        app.advance(wait);
        for _ in 0..TIMES {
            let cost = async |email| {
                let before = operations(&app).await;
                app.post(&format!("/api/v1/auth/{path}"), body(&more, email, client_id)).await;
                since(&before, operations(&app).await)
            };
            let known = cost(ADA).await;
            assert!(!known.is_empty(), "{path}");
            assert_eq!(known, cost(NOBODY).await, "{path}");
            assert!(!path.ends_with("/verify-code") || !known.contains_key("accounts.by_email"), "{path}: {known:?}");
        }
    }
}
