//! Password reset: code, token, password.

use serde_json::json;

use crate::support::{
    TestApp,
    account::NEW_PASSWORD,
    acts::{ADA, WRONG, other_code},
    app::PASSWORD,
};

const BOB: &str = "bob@example.com";
const SUBJECT: &str = "Security alert: your Sekisho password was reset";

/// R29, R17, R27: every session ends, the person is told, and nobody is signed in.
#[tokio::test(flavor = "multi_thread")]
async fn a_reset_changes_the_password_and_ends_every_session() {
    let app = TestApp::start().await;
    let [laptop, phone] = [app.ada().await, app.ada_on("phone").await];
    app.advance(1);
    let token = app.reset_token(ADA, "tablet").await;
    let answer = app.complete_reset(&token, NEW_PASSWORD, "tablet").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.body.as_object().unwrap().keys().collect::<Vec<_>>(), ["message"]);

    app.ended(&laptop, "laptop").await;
    app.ended(&phone, "phone").await;
    app.try_login(ADA, PASSWORD, "laptop").await.refused(401, "invalid_credentials");
    app.login_with(ADA, NEW_PASSWORD, "laptop").await;
    let told = app.told(ADA, SUBJECT).await;
    assert!(told["text"].as_str().unwrap().contains("127.0.0.1"), "{told}");
    assert_eq!(app.journal().await.len(), 1);
}

/// R28.
#[tokio::test(flavor = "multi_thread")]
async fn to_ask_for_a_reset_changes_nothing() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    let before = app.table_text("accounts").await;
    let token = app.reset_token(ADA, "tablet").await;
    app.complete_reset(&token, "short", "tablet").await.refused(400, "validation_error");
    assert_eq!(app.table_text("accounts").await, before);
    app.refreshed(&ada.refresh, "laptop").await;
    assert_eq!(app.try_login(ADA, PASSWORD, "phone").await.status, 200);
}

/// R14: the bytes are the same, but for the id of the call.
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_address_is_answered_like_a_known_one() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_CODE", "1/300")]).await;
    app.ada().await;
    app.advance(86_400);
    let send =
        |email| app.post_as("a", "/api/v1/auth/password-reset/send-code", json!({"email": email, "client_id": "c"}));
    let verify = |email| {
        let body = json!({"email": email, "code": "000000", "client_id": "c"});
        app.post_as("a", "/api/v1/auth/password-reset/verify-code", body)
    };
    for _ in 0..2 {
        let (known, unknown) = (send(ADA).await, send(BOB).await);
        assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
        assert_eq!(known.header("retry-after"), unknown.header("retry-after"));
    }
    let right = app.mailed_codes(ADA).await[0].clone();
    assert_ne!(right, "000000", "one in a million: run it again");
    for _ in 0..6 {
        let (known, unknown) = (verify(ADA).await, verify(BOB).await);
        assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
    }
    assert_eq!(app.mails(BOB).await.len(), 0);
}

/// R21, R24.
#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_once_for_its_purpose_address_and_client() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_CODE", "100/300")]).await;
    app.ada().await;
    app.sign_up(BOB, "laptop").await;
    let code = app.reset_code(ADA, "tablet").await;
    app.verify_reset(ADA, &code, "phone").await.refused(401, "client_id_mismatch");
    app.verify_reset(BOB, &code, "tablet").await.refused(400, "session_not_found");
    app.verify_code(ADA, &code, "tablet").await.refused(400, "session_not_found");
    app.verify_reset(ADA, &other_code(&code), "tablet").await.refused(400, "invalid_code");
    assert_eq!(app.verify_reset(ADA, &code, "tablet").await.status, 200);
    app.verify_reset(ADA, &code, "tablet").await.refused(400, "session_not_found");

    let code = app.reset_code(ADA, "tablet").await;
    for _ in 0..5 {
        app.verify_reset(ADA, &other_code(&code), "tablet").await.refused(400, "invalid_code");
    }
    app.verify_reset(ADA, &code, "tablet").await.refused(400, "session_not_found");
}

/// R23: by the clock, with nobody who sweeps.
#[tokio::test(flavor = "multi_thread")]
async fn code_and_token_expire() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_CODE", "100/300")]).await;
    app.ada().await;
    for (wait, good) in [(899, true), (900, false)] {
        let code = app.reset_code(ADA, "tablet").await;
        app.advance(wait);
        assert_eq!(app.verify_reset(ADA, &code, "tablet").await.status == 200, good, "after {wait} s");
    }
    for (wait, good) in [(600, false), (599, true)] {
        let token = app.reset_token(ADA, "tablet").await;
        app.advance(wait);
        assert_eq!(app.complete_reset(&token, NEW_PASSWORD, "tablet").await.status == 200, good, "after {wait} s");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_once_and_for_its_client() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_CODE", "100/300")]).await;
    app.ada().await;
    let token = app.reset_token(ADA, "tablet").await;
    app.complete_reset(&token, NEW_PASSWORD, "phone").await.refused(401, "client_id_mismatch");
    for wrong in ["skp_", "nonsense", &token[..token.len() - 4], &token.replace("skp_", "skr_")] {
        app.complete_reset(wrong, NEW_PASSWORD, "tablet").await.refused(400, "session_not_found");
    }
    assert_eq!(app.complete_reset(&token, NEW_PASSWORD, "tablet").await.status, 200);
    app.complete_reset(&token, WRONG, "tablet").await.refused(400, "session_not_found");
    app.login_with(ADA, NEW_PASSWORD, "laptop").await;
}

/// R05. A password that is refused costs no token.
#[tokio::test(flavor = "multi_thread")]
async fn the_new_password_obeys_the_rules() {
    let app = TestApp::start().await;
    app.ada().await;
    let token = app.reset_token(ADA, "tablet").await;
    for (password, rule) in
        [("short", "TOO_SHORT"), ("password1", "COMMON_PASSWORD"), ("ada@example.com", "GUESSABLE_PASSWORD")]
    {
        let answer = app.complete_reset(&token, password, "tablet").await;
        answer.refused(400, "validation_error");
        let field = &answer.body["details"]["fields"][0];
        assert_eq!((&field["field"], &field["reason"]), (&json!("new_password"), &json!(rule)));
    }
    assert_eq!(app.complete_reset(&token, NEW_PASSWORD, "tablet").await.status, 200);
}

/// R44.
#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_account_learns_so_with_the_right_code_only() {
    let app = TestApp::start().await;
    app.ada().await;
    let code = app.reset_code(ADA, "tablet").await;
    app.sql("UPDATE accounts SET disabled = TRUE").await;
    app.verify_reset(ADA, &other_code(&code), "tablet").await.refused(400, "invalid_code");
    app.verify_reset(ADA, &code, "tablet").await.refused(403, "account_disabled");
}

/// R21: what was mailed to the address before is worth nothing after.
#[tokio::test(flavor = "multi_thread")]
async fn a_reset_begun_at_the_old_address_ends_with_it() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_CODE", "100/300")]).await;
    let ada = app.ada().await;
    let token = app.reset_token(ADA, "tablet").await;
    let code = app.reset_code(ADA, "tablet").await;
    assert_eq!(app.send_email_change(&ada.access, BOB, Some(PASSWORD)).await.status, 200);
    let moves = app.mailed_codes(BOB).await[0].clone();
    assert_eq!(app.verify_email_change(&ada.access, &moves).await.status, 200);

    app.verify_reset(ADA, &code, "tablet").await.refused(400, "session_not_found");
    app.complete_reset(&token, NEW_PASSWORD, "tablet").await.refused(400, "session_not_found");
    app.login_with(BOB, PASSWORD, "laptop").await;
}
