//! How many sessions are live, in the whole deployment.

use sekisho::jobs;

use crate::support::TestApp;

/// As long as a count is good for.
const LATER: u64 = 300;

/// What is told once a new count is due.
async fn counted(app: &TestApp) -> Option<f64> {
    app.advance(LATER);
    // The clock of the service itself may have been first.
    while !jobs::count_sessions(&app.app.ctx).await.unwrap() {
        app.advance(LATER);
    }
    app.scrape().await.get("sekisho_sessions")
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_and_ends_are_seen() {
    let app = TestApp::with(&[("SEKISHO_MAX_SESSIONS", "2")]).await;
    assert_eq!(counted(&app).await, Some(0.0));
    let laptop = app.ada().await;
    app.sign_up("bob@example.com", "laptop").await;
    assert_eq!(counted(&app).await, Some(2.0));
    app.ada_on("phone").await;
    assert_eq!(counted(&app).await, Some(3.0));
    app.ada_on("tablet").await;
    assert_eq!(counted(&app).await, Some(3.0), "the laptop made room");
    app.refresh(&laptop.refresh, "laptop").await.refused(401, "refresh_token_invalid");
    let tablet = app.ada_on("tablet").await;
    app.log_out(&tablet.refresh, "tablet").await;
    assert_eq!(counted(&app).await, Some(2.0));
    let watch = app.ada_on("watch").await;
    app.call("POST", "/api/v1/auth/logout-all", &watch.access, Some(serde_json::json!({}))).await;
    assert_eq!(counted(&app).await, Some(1.0));
}

/// Its record stays for a week, so that its client is told that it expired.
#[tokio::test(flavor = "multi_thread")]
async fn what_has_expired_is_not_counted_swept_or_not() {
    let app = TestApp::start().await;
    let laptop = app.ada().await;
    assert_eq!(counted(&app).await, Some(1.0));
    app.advance(30 * 86_400);
    assert_eq!(counted(&app).await, Some(0.0));
    app.refresh(&laptop.refresh, "laptop").await.refused(401, "refresh_token_expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_condemned_is_not_counted() {
    let app = TestApp::start().await;
    let laptop = app.ada().await;
    let second = app.refreshed(&laptop.refresh, "laptop").await;
    app.refreshed(&second, "laptop").await;
    assert_eq!(counted(&app).await, Some(1.0));
    app.refresh(&laptop.refresh, "laptop").await.refused(401, "refresh_token_reused");
    assert_eq!(counted(&app).await, Some(0.0));
}
