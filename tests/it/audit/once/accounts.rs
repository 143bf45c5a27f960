//! The same of what becomes of accounts.

use super::*;
use crate::support::account::NEW_PASSWORD;

const BOB: &str = "bob@example.com";
const NEW: &str = "lovelace@example.com";

#[tokio::test(flavor = "multi_thread")]
async fn choosing_another_password_by_code() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_CODE", "100/300")]).await;
    app.ada().await;
    let mut news = News::of(&app).await;
    app.send_reset(BOB, "laptop").await;
    news.are(&["reset_unknown"]).await;
    let code = app.reset_code(ADA, "laptop").await;
    news.are(&["reset_code_sent"]).await;
    app.verify_reset(ADA, &other_code(&code), "laptop").await;
    news.are(&["reset_code_wrong"]).await;
    app.verify_reset(ADA, &code, "thief").await;
    news.are(&["reset_client_mismatch"]).await;
    let token = app.verify_reset(ADA, &code, "laptop").await.body["reset_token"].as_str().unwrap().to_owned();
    news.are(&["reset_code_right"]).await;
    app.verify_reset(ADA, &code, "laptop").await;
    news.are(&["reset_not_pending"]).await;
    app.complete_reset(&token, "short", "laptop").await;
    news.are(&[]).await;
    app.complete_reset(&token, NEW_PASSWORD, "laptop").await;
    news.are(&["password_reset"]).await;
    app.complete_reset(&token, NEW_PASSWORD, "laptop").await;
    news.are(&["reset_not_pending"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_after_the_account() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_CODE", "100/300")]).await;
    app.sign_up(BOB, "laptop").await;
    let ada = app.ada().await;
    let access = &ada.access;
    let mut news = News::of(&app).await;
    app.reauthenticate(access, WRONG).await;
    app.change_password(access, WRONG, NEW_PASSWORD).await;
    news.are(&["step_up_wrong_password"; 2]).await;
    app.reauthenticate(access, PASSWORD).await;
    news.are(&["reauthenticated"]).await;
    app.change_password(access, PASSWORD, NEW_PASSWORD).await;
    news.are(&["password_changed"]).await;
    app.change_password(access, PASSWORD, NEW_PASSWORD).await;
    news.are(&["step_up_wrong_password"]).await;
    app.send_email_change(access, BOB, None).await;
    news.are(&["email_change_taken"]).await;
    app.send_email_change(access, NEW, None).await;
    news.are(&["email_change_code_sent"]).await;
    let code = app.mailed_codes(NEW).await[0].clone();
    app.verify_email_change(access, &other_code(&code)).await;
    news.are(&["email_change_code_wrong"]).await;
    app.verify_email_change(access, &code).await;
    news.are(&["email_changed"]).await;
    app.verify_email_change(access, &code).await;
    news.are(&["email_change_not_pending"]).await;
    app.delete_account(access, None).await;
    news.are(&["account_deleted"]).await;
    app.delete_account(access, None).await;
    news.are(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn being_administered() {
    let app = TestApp::start().await;
    let token = app.administrator().await;
    let id = app.ada().await.user_id();
    let mut news = News::of(&app).await;
    for (act, body, once, again) in [
        ("roles", json!({"roles": ["reader"]}), &["admin_roles_set"][..], &["admin_roles_set"][..]),
        (
            "password-reset",
            json!({"client_id": "laptop"}),
            &["reset_code_sent", "admin_reset_started"],
            &["reset_code_sent", "admin_reset_started"],
        ),
        ("end-sessions", json!({}), &["admin_sessions_ended"], &["admin_sessions_ended"]),
        ("disable", json!({}), &["admin_user_disabled"], &[]),
        ("enable", json!({}), &["admin_user_enabled"], &[]),
    ] {
        for wanted in [once, again] {
            assert_eq!(app.administer(&token, &id, act, body.clone()).await.status, 200, "{act}");
            news.are(wanted).await;
        }
    }
}
