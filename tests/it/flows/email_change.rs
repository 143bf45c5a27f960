//! Another address.

use crate::support::{
    TestApp,
    acts::{ADA, WRONG, claims, other_code},
    app::PASSWORD,
};

const NEW: &str = "lovelace@example.com";
const BOB: &str = "bob@example.com";

/// R17, R21.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_moves_when_the_new_mailbox_is_proven_and_both_are_told() {
    let app = TestApp::start().await;
    let [laptop, phone] = [app.ada().await, app.ada_on("phone").await];
    assert_eq!(app.send_email_change(&laptop.access, NEW, Some(PASSWORD)).await.status, 200);
    app.told(ADA, "Security alert: your Sekisho e-mail address is about to change").await;
    let code = app.mailed_codes(NEW).await[0].clone();
    app.verify_email_change(&phone.access, &code).await.refused(400, "session_not_found");
    app.verify_email_change(&laptop.access, &other_code(&code)).await.refused(400, "invalid_code");

    let answer = app.verify_email_change(&laptop.access, &code).await;
    assert_eq!((answer.status, &answer.body["user"]["email"]), (200, &NEW.into()), "{answer:?}");
    for mailbox in [ADA, NEW] {
        app.told(mailbox, "Security alert: your Sekisho e-mail address was changed").await;
    }
    app.verify_email_change(&laptop.access, &code).await.refused(400, "session_not_found");
    app.try_login(ADA, PASSWORD, "tablet").await.refused(401, "invalid_credentials");
    app.login_with(NEW, PASSWORD, "tablet").await;
    for (client, token) in [("laptop", &laptop.refresh), ("phone", &phone.refresh)] {
        let access = app.refresh(token, client).await.body["access_token"].as_str().unwrap().to_owned();
        assert_eq!(claims(&access)["email"], NEW, "on the {client}");
    }
    let other = app.sign_up(ADA, "laptop").await;
    assert_ne!(other.user_id(), laptop.user_id());
}

/// R14: who is signed in learns of no other account.
#[tokio::test(flavor = "multi_thread")]
async fn a_taken_address_is_answered_like_a_free_one() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_CODE", "100/300")]).await;
    let ada = app.ada().await;
    app.sign_up(BOB, "laptop").await;
    let codes = app.mailed_codes(BOB).await.len();
    let free = app.send_email_change(&ada.access, NEW, Some(PASSWORD)).await;
    let taken = app.send_email_change(&ada.access, BOB, Some(PASSWORD)).await;
    assert_eq!((free.status, &free.body), (taken.status, &taken.body));
    assert_eq!(app.mailed_codes(BOB).await.len(), codes);
    let code = app.mailed_codes(NEW).await[0].clone();
    app.verify_email_change(&ada.access, &code).await.refused(400, "invalid_code");
}

/// R21. Whoever has the old address next, on the same client, is somebody else.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_a_deleted_account_moves_no_other() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_CODE", "100/300")]).await;
    let ada = app.ada().await;
    app.send_email_change(&ada.access, NEW, None).await;
    let code = app.mailed_codes(NEW).await[0].clone();
    assert_eq!(app.delete_account(&ada.access, None).await.status, 200);
    let next = app.ada().await;
    app.verify_email_change(&next.access, &code).await.refused(400, "session_not_found");
    assert_eq!(app.login(ADA, "phone").await.user_id(), next.user_id());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_taken_meanwhile_stays_taken() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_CODE", "100/300")]).await;
    let ada = app.ada().await;
    app.send_email_change(&ada.access, NEW, Some(PASSWORD)).await;
    let code = app.mailed_codes(NEW).await[0].clone();
    let other = app.sign_up(NEW, "laptop").await;
    app.verify_email_change(&ada.access, &code).await.refused(400, "session_not_found");
    assert_eq!(app.login(NEW, "phone").await.user_id(), other.user_id());
    assert_eq!(app.login(ADA, "phone").await.user_id(), ada.user_id());
}

/// R36.
#[tokio::test(flavor = "multi_thread")]
async fn it_takes_the_password_or_a_recent_proof() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_CODE", "100/300")]).await;
    let ada = app.ada().await;
    app.send_email_change(&ada.access, ADA, Some(PASSWORD)).await.refused(400, "validation_error");
    app.send_email_change(&ada.access, NEW, Some(WRONG)).await.refused(401, "invalid_credentials");
    assert_eq!(app.send_email_change(&ada.access, NEW, None).await.status, 200);
    app.advance(301);
    let refused = app.send_email_change(&ada.access, NEW, None).await;
    refused.refused(401, "step_up_required");
    assert_eq!(refused.body["details"]["max_auth_age"], "300");
    assert_eq!(app.send_email_change(&ada.access, NEW, Some(PASSWORD)).await.status, 200);
}
