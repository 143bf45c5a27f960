//! A clock that is set back, as by a first NTP answer after a bad start: what
//! was written before lies in the future, and is no less true. And a clock that
//! stands between two acts.

use sekisho::{clock::ManualClock, domain::Timestamp};
use serde_json::json;

use super::ADA;
use crate::support::TestApp;

/// The same service on a clock that is ten minutes behind.
async fn set_back(app: TestApp) -> TestApp {
    let behind = ManualClock::at(Timestamp::from_micros(app.app.ctx.now().micros() - 600_000_000));
    let (data, _) = app.stop().await;
    TestApp::at(data, behind, &[]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_all_sessions_ends_those_that_began_later() {
    let app = TestApp::start().await;
    // Beyond what the clock goes back by, or no key would sign yet.
    app.advance(3600);
    let other = app.sign_up(ADA, "other").await;
    let app = set_back(app).await;
    let owner = app.login(ADA, "laptop").await;
    let ended = app.call("POST", "/api/v1/auth/logout-all", &owner.access, Some(json!({}))).await;
    assert_eq!(ended.status, 200);
    app.refresh(&other.refresh, "other").await.refused(401, "refresh_token_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_right_password_is_still_let_in() {
    let app = TestApp::start().await;
    app.sign_up(ADA, "laptop").await;
    app.login(ADA, "laptop").await;
    let app = set_back(app).await;
    app.login(ADA, "laptop").await;
}

/// The clock stands: the login read it before the end of all sessions, and
/// opened its own after.
#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_outlives_the_end_of_all_outlives_a_restart() {
    let app = TestApp::start().await;
    let owner = app.sign_up(ADA, "laptop").await;
    let ended = app.call("POST", "/api/v1/auth/logout-all", &owner.access, Some(json!({}))).await;
    assert_eq!(ended.status, 200);
    let signed_in = app.login(ADA, "laptop").await;
    let (data, clock) = app.stop().await;
    let app = TestApp::at(data, clock, &[]).await;
    assert_eq!(app.refresh(&signed_in.refresh, "laptop").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_key_signs() {
    let app = set_back(TestApp::start().await).await;
    app.sign_up(ADA, "laptop").await;
}
