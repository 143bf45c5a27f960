//! The end of an account.

use serde_json::json;

use crate::support::{
    TestApp,
    account::NEW_PASSWORD,
    acts::{ADA, WRONG},
    app::PASSWORD,
};

/// R56, R44.
#[tokio::test(flavor = "multi_thread")]
async fn everything_ends_and_the_address_is_free() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_CODE", "100/300")]).await;
    let [laptop, phone] = [app.ada().await, app.ada_on("phone").await];
    let token = app.reset_token(ADA, "tablet").await;
    assert_eq!(app.delete_account(&laptop.access, Some(PASSWORD)).await.status, 200);

    app.ended(&laptop, "laptop").await;
    app.ended(&phone, "phone").await;
    app.try_login(ADA, PASSWORD, "laptop").await.refused(401, "invalid_credentials");
    app.complete_reset(&token, NEW_PASSWORD, "tablet").await.refused(400, "session_not_found");
    app.told(ADA, "Your Sekisho account was deleted").await;
    for table in ["accounts", "known_clients"] {
        assert!(!app.table_text(table).await.contains(&laptop.user_id()), "{table}");
    }
    let again = app.sign_up(ADA, "laptop").await;
    assert_ne!(again.user_id(), laptop.user_id());
    app.profile(&laptop.access).await.refused(401, "session_revoked");
}

/// R36.
#[tokio::test(flavor = "multi_thread")]
async fn it_takes_the_password_or_a_recent_proof() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    app.advance(301);
    app.delete_account(&ada.access, Some(WRONG)).await.refused(401, "invalid_credentials");
    let refused = app.delete_account(&ada.access, None).await;
    refused.refused(401, "step_up_required");
    let challenge = refused.header("www-authenticate").unwrap();
    assert_eq!(challenge, "Bearer error=\"insufficient_user_authentication\", max_age=\"300\"");
    let no_body = app.call("DELETE", "/api/v1/user/account", &ada.access, None).await;
    no_body.refused(401, "step_up_required");
    assert_eq!(app.reauthenticate(&ada.access, PASSWORD).await.status, 200);
    assert_eq!(app.call("DELETE", "/api/v1/user/account", &ada.access, Some(json!({}))).await.status, 200);
}

/// A sign-up that was a decoy while the account was there has no password to go on with.
#[tokio::test(flavor = "multi_thread")]
async fn a_sign_up_that_was_begun_before_it_is_begun_anew() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_CODE", "100/300")]).await;
    let ada = app.ada().await;
    assert_eq!(app.send_code(ADA, PASSWORD, "phone").await.status, 200);
    assert_eq!(app.delete_account(&ada.access, Some(PASSWORD)).await.status, 200);
    assert_eq!(app.resend_code(ADA, "phone").await.status, 200);
    let code = app.newest_code(ADA, 2).await;
    app.verify_code(ADA, &code, "phone").await.refused(400, "session_not_found");
    app.sign_up(ADA, "phone").await;
}
