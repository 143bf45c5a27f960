//! Every outcome once.

mod accounts;

use serde_json::json;

use crate::support::{
    TestApp,
    acts::{ADA, WRONG, other_code},
    app::{PASSWORD, SignedIn},
};

const BOB: &str = "bob@example.com";

/// Room for two sessions, and for many mails.
pub async fn app() -> TestApp {
    TestApp::with(&[("SEKISHO_MAX_SESSIONS", "2"), ("SEKISHO_LIMIT_CODE", "100/300")]).await
}

/// Has everything happen to Ada, and returns her first sign-in.
pub async fn take(app: &TestApp) -> SignedIn {
    let ada = signs_up(app).await;
    signs_in(app).await;
    refreshes(app).await;
    looks_after_her_sessions(app).await;
    has_services(app).await;
    accounts::change(app).await;
    is_attacked(app).await;
    ada
}

async fn has_services(app: &TestApp) {
    let secret = app.service("orders", "orders:read").await;
    let token = app.ask_service_token("orders", &secret, None).await.unwrap().access_token;
    app.ask_service_token("nobody", &secret, None).await.unwrap_err();
    app.ask_service_token("orders", "wrong", None).await.unwrap_err();
    app.ask_service_token("orders", &secret, Some("orders:write")).await.unwrap_err();
    app.introspect(&token).await;
    app.revoke_token(&token).await.unwrap();
    app.revoke_token(&token).await.unwrap();
    app.watch(None).await;
    let reader = app.service("auditor", "audit:read").await;
    let token = app.ask_service_token("auditor", &reader, None).await.unwrap().access_token;
    app.call("GET", "/api/v1/audit/events", &token, None).await;
    app.sql("UPDATE service_accounts SET disabled = TRUE").await;
    app.ask_service_token("orders", &secret, None).await.unwrap_err();
}

async fn signs_up(app: &TestApp) -> SignedIn {
    let code = app.code(ADA, "laptop").await;
    app.verify_code(ADA, &other_code(&code), "laptop").await.refused(400, "invalid_code");
    app.verify_code(ADA, &code, "thief").await.refused(401, "client_id_mismatch");
    app.resend_code(ADA, "laptop").await;
    let code = app.newest_code(ADA, 2).await;
    let ada = SignedIn::of(app.verify_code(ADA, &code, "laptop").await);
    app.verify_code(BOB, &code, "laptop").await.refused(400, "session_not_found");
    app.send_code(ADA, PASSWORD, "phone").await;
    ada
}

async fn signs_in(app: &TestApp) {
    app.try_login(ADA, WRONG, "phone").await.refused(401, "invalid_credentials");
    app.try_login(BOB, WRONG, "phone").await.refused(401, "invalid_credentials");
    app.ada_on("phone").await;
    let evicts = app.ada_on("tablet").await;
    assert!(evicts.body["evicted_session"].is_object());
}

async fn refreshes(app: &TestApp) {
    let first = app.ada_on("phone").await.refresh;
    app.refreshed(&first, "phone").await;
    let second = app.refreshed(&first, "phone").await;
    app.advance(31);
    app.refreshed(&first, "phone").await;
    app.refresh(&second, "phone").await.refused(401, "refresh_token_reused");
    app.refresh("nonsense", "phone").await.refused(401, "refresh_token_invalid");
    let other = app.ada_on("phone").await;
    app.refresh(&other.refresh, "thief").await.refused(401, "client_id_mismatch");
    app.profile(&other.access).await.refused(401, "session_revoked");
    let idle = app.ada_on("phone").await;
    app.advance(30 * 86_400);
    app.refresh(&idle.refresh, "phone").await.refused(401, "refresh_token_expired");
    app.log_out(&idle.refresh, "phone").await;
}

async fn looks_after_her_sessions(app: &TestApp) {
    let (phone, tablet) = (app.ada_on("phone").await, app.ada_on("tablet").await);
    app.profile(&phone.access).await;
    app.call("PUT", "/api/v1/user/profile", &phone.access, Some(json!({"display_name": "Ada"}))).await;
    app.listed(&phone.access).await;
    let path = format!("/api/v1/auth/sessions/{}", tablet.session_id());
    assert_eq!(app.call("DELETE", &path, &phone.access, None).await.status, 200);
    app.call("DELETE", &path, &phone.access, None).await.refused(404, "not_found");
    app.call("POST", "/api/v1/auth/logout-all", &phone.access, Some(json!({}))).await;
    let phone = app.ada_on("phone").await;
    app.log_out(&phone.refresh, "thief").await;
    let tablet = app.ada_on("tablet").await;
    app.log_out(&tablet.refresh, "tablet").await;
    app.log_out(&tablet.refresh, "tablet").await;
}

async fn is_attacked(app: &TestApp) {
    for _ in 0..5 {
        app.try_login(ADA, WRONG, "thief").await;
    }
    app.try_login(ADA, WRONG, "thief").await.refused(429, "rate_limit_exceeded");
    app.advance(300);
    app.sql("UPDATE accounts SET disabled = TRUE").await;
    app.try_login(ADA, PASSWORD, "phone").await.refused(403, "account_disabled");
}

/// What was secret on the tour: codes, and what makes tokens worth something.
pub async fn secrets(app: &TestApp, ada: &SignedIn) -> Vec<String> {
    let mails = app.mails(ADA).await;
    let codes = mails.iter().filter_map(|mail| mail["code"].as_str()).map(str::to_owned);
    let signature = ada.access.rsplit('.').next().unwrap().to_owned();
    let secrets: Vec<String> = codes.chain([signature, ada.refresh.clone()]).collect();
    assert_eq!(secrets.len(), 4);
    secrets
}

/// Whether the bytes hold others.
pub fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}
