//! The first administrator. R16.

use serde_json::json;

use crate::support::{
    TestApp,
    acts::{ADA, claims},
    app::{PASSWORD, SignedIn},
};

const TOLD: &str = "Security alert: your Sekisho account was made an administrator";

#[tokio::test(flavor = "multi_thread")]
async fn a_token_makes_one_administrator_once() {
    let app = TestApp::start().await;
    let (ada, bob, token) = (app.ada().await, app.sign_up("bob@example.com", "tablet").await, app.admin_token());
    let answer = app.claim_admin(&ada.access, &token).await;
    assert_eq!(answer.body["user"]["roles"], json!(["admin"]), "{answer:?}");
    app.told(ADA, TOLD).await;
    let refreshed = SignedIn::of(app.refresh(&ada.refresh, "laptop").await);
    assert_eq!(claims(&refreshed.access)["roles"], json!(["admin"]));
    for again in [&bob.access, &refreshed.access] {
        app.claim_admin(again, &token).await.refused(400, "session_not_found");
    }
    app.profile(&refreshed.access).await;
    assert_eq!(app.claim_admin(&refreshed.access, &app.admin_token()).await.status, 200);
    assert_eq!(app.claim_admin(&bob.access, &app.admin_token()).await.body["user"]["roles"], json!(["admin"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_redeem_it_at_the_same_time_one_succeeds() {
    let app = TestApp::start().await;
    let (ada, bob, token) = (app.ada().await, app.sign_up("bob@example.com", "tablet").await, app.admin_token());
    let (first, second) = tokio::join!(app.claim_admin(&ada.access, &token), app.claim_admin(&bob.access, &token));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_dies_after_half_an_hour_and_takes_a_recent_proof() {
    let app = TestApp::start().await;
    let (ada, token) = (app.ada().await, app.admin_token());
    app.advance(301);
    app.claim_admin(&ada.access, &token).await.refused(401, "step_up_required");
    let proven = SignedIn::of(app.reauthenticate(&ada.access, PASSWORD).await);
    app.advance(1_499);
    let proven = SignedIn::of(app.refresh(&proven.refresh, "laptop").await);
    let proven = SignedIn::of(app.reauthenticate(&proven.access, PASSWORD).await);
    app.claim_admin(&proven.access, &token).await.refused(400, "session_not_found");
    for nonsense in ["ska_AAAA", "nonsense"] {
        app.claim_admin(&proven.access, nonsense).await.refused(400, "session_not_found");
    }
    for bad in [String::new(), "a".repeat(257)] {
        app.claim_admin(&proven.access, &bad).await.refused(400, "validation_error");
    }
}
