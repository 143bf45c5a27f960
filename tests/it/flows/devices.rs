//! Clients on which a person has signed in before.

use crate::support::{TestApp, account::NEW_PASSWORD, acts::ADA};

const SUBJECT: &str = "Security alert: sign-in on a new device";

/// R17.
#[tokio::test(flavor = "multi_thread")]
async fn the_person_is_told_of_a_new_client_once() {
    let app = TestApp::start().await;
    app.ada().await;
    app.ada_on("laptop").await;
    assert_eq!(app.count_told(ADA, SUBJECT).await, 0, "it is the client of the sign-up");
    app.ada_on("phone").await;
    let told = app.told(ADA, SUBJECT).await;
    assert!(told["text"].as_str().unwrap().contains("127.0.0.1"));
    app.ada_on("phone").await;
    app.ada_on("tablet").await;
    crate::support::eventually::eventually(async || app.count_told(ADA, SUBJECT).await == 2).await;
}

/// After a reset nobody knows whose the clients were.
#[tokio::test(flavor = "multi_thread")]
async fn a_reset_forgets_the_clients() {
    let app = TestApp::start().await;
    app.ada().await;
    let token = app.reset_token(ADA, "tablet").await;
    app.complete_reset(&token, NEW_PASSWORD, "tablet").await;
    app.login_with(ADA, NEW_PASSWORD, "laptop").await;
    app.told(ADA, SUBJECT).await;
}
