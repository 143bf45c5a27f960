//! Proving once more who one is.

use serde_json::json;

use crate::support::{
    TestApp,
    acts::{ADA, WRONG, claims},
    app::{PASSWORD, SignedIn},
};

/// R36.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_proof_stands_in_the_tokens_of_the_same_session() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    app.advance(600);
    let proven = SignedIn::of(app.reauthenticate(&ada.access, PASSWORD).await);
    let (before, after) = (claims(&ada.access), claims(&proven.access));
    assert_eq!(before["sid"], after["sid"]);
    assert_eq!(after["auth_time"].as_i64().unwrap(), before["auth_time"].as_i64().unwrap() + 600);
    assert_eq!((&before["amr"], &after["amr"]), (&json!(["otp"]), &json!(["otp", "pwd"])));
    assert_eq!(proven.refresh, ada.refresh, "the chain does not advance");
    let refreshed = app.refresh(&proven.refresh, "laptop").await.body["access_token"].as_str().unwrap().to_owned();
    assert_eq!(claims(&refreshed)["auth_time"], after["auth_time"]);
    assert_eq!(app.listed(&proven.access).await.len(), 1);
}

/// R12.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_counts_as_a_failed_login() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    for _ in 0..5 {
        app.reauthenticate(&ada.access, WRONG).await.refused(401, "invalid_credentials");
    }
    app.reauthenticate(&ada.access, PASSWORD).await.refused(429, "rate_limit_exceeded");
    app.try_login(ADA, PASSWORD, "laptop").await.refused(429, "rate_limit_exceeded");
}

/// R44.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_proves_anything_in_a_session_that_has_ended() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    app.log_out(&ada.refresh, "laptop").await;
    app.reauthenticate(&ada.access, PASSWORD).await.refused(401, "session_revoked");
}
