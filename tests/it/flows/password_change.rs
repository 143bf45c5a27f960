//! Another password, by somebody who is signed in.

use serde_json::json;

use crate::support::{
    TestApp,
    account::NEW_PASSWORD,
    acts::{ADA, WRONG},
    app::PASSWORD,
};

/// R29, R17, X12.
#[tokio::test(flavor = "multi_thread")]
async fn other_sessions_end_and_this_one_lives_on() {
    let app = TestApp::start().await;
    let [laptop, phone, tablet] = [app.ada().await, app.ada_on("phone").await, app.ada_on("tablet").await];
    assert_eq!(app.change_password(&laptop.access, PASSWORD, NEW_PASSWORD).await.status, 200);
    app.ended(&phone, "phone").await;
    app.ended(&tablet, "tablet").await;
    assert_eq!(app.profile(&laptop.access).await.status, 200);
    app.refreshed(&laptop.refresh, "laptop").await;
    app.try_login(ADA, PASSWORD, "phone").await.refused(401, "invalid_credentials");
    app.login_with(ADA, NEW_PASSWORD, "phone").await;
    app.told(ADA, "Security alert: your Sekisho password was changed").await;
}

/// R08: a wrong one counts as a failed login.
#[tokio::test(flavor = "multi_thread")]
async fn the_current_password_is_needed_and_its_guesses_are_counted() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    let missing = app.call("POST", "/api/v1/user/password", &ada.access, Some(json!({"new_password": NEW_PASSWORD})));
    missing.await.refused(400, "validation_error");
    for _ in 0..5 {
        app.change_password(&ada.access, WRONG, NEW_PASSWORD).await.refused(401, "invalid_credentials");
    }
    app.change_password(&ada.access, PASSWORD, NEW_PASSWORD).await.refused(429, "rate_limit_exceeded");
    app.advance(60);
    assert_eq!(app.change_password(&ada.access, PASSWORD, NEW_PASSWORD).await.status, 200);
}

/// R05.
#[tokio::test(flavor = "multi_thread")]
async fn the_new_one_is_another_and_obeys_the_rules() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    for (new, rule) in [
        (PASSWORD, "UNCHANGED"),
        ("short", "TOO_SHORT"),
        ("password1", "COMMON_PASSWORD"),
        ("ada@example.com", "GUESSABLE_PASSWORD"),
    ] {
        let answer = app.change_password(&ada.access, PASSWORD, new).await;
        answer.refused(400, "validation_error");
        assert_eq!(answer.body["details"]["fields"][0]["reason"], rule);
    }
    assert_eq!(app.profile(&ada.access).await.status, 200);
}
