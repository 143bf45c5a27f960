//! What strangers, who know an address and nothing else, can do to its owner.

use serde_json::{Value, json};

use super::{ADA, NO_LIMITS};
use crate::support::{TestApp, http::send};

fn verification(code: &str, client_id: &str) -> Value {
    json!({"email": ADA, "code": code, "client_id": client_id})
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_of_a_stranger_do_not_use_up_those_of_the_owner() {
    let app = TestApp::with(&NO_LIMITS).await;
    for _ in 0..50 {
        app.post("/api/v1/auth/signup/verify-code", verification("000000", "stranger")).await;
    }
    let code = app.code(ADA, "laptop").await;
    let answer = app.post("/api/v1/auth/signup/verify-code", verification(&code, "laptop")).await;
    assert_eq!(answer.status, 201, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_theft_is_told_with_the_address_of_the_thief() {
    let app = TestApp::start().await;
    let session = app.sign_up(ADA, "laptop").await;
    let second = app.refresh(&session.refresh, "laptop").await.body["refresh_token"].as_str().unwrap().to_owned();
    app.refresh(&second, "laptop").await;
    let thief = reqwest::Client::builder().local_address("127.0.0.2".parse::<std::net::IpAddr>().ok()).build().unwrap();
    let stolen = json!({"refresh_token": session.refresh, "client_id": "laptop"});
    let answer = send(thief.post(format!("{}/api/v1/auth/refresh", app.base())).json(&stolen)).await;
    answer.refused(401, "refresh_token_reused");
    let notice = app.mails_after(ADA, 2).await[0]["text"].as_str().unwrap().to_owned();
    assert!(notice.contains("127.0.0.2"), "{notice}");
}
