//! What becomes of the accounts of others.

use serde_json::json;

use crate::support::{
    TestApp,
    account::NEW_PASSWORD,
    acts::{ADA, WRONG, claims, other_code},
    app::PASSWORD,
};

const CARA: &str = "cara@example.com";
const DORA: &str = "dora@example.com";
const NEW: &str = "carla@example.com";
const NOBODY: &str = "nobody@example.com";

/// Everything that is done to an account.
pub async fn change(app: &TestApp) {
    resets(app).await;
    let cara = app.login_with(CARA, NEW_PASSWORD, "laptop").await.access;
    app.reauthenticate(&cara, WRONG).await.refused(401, "invalid_credentials");
    assert_eq!(app.reauthenticate(&cara, NEW_PASSWORD).await.status, 200);
    assert_eq!(app.change_password(&cara, NEW_PASSWORD, PASSWORD).await.status, 200);
    moves(app, &cara).await;
    is_administered(app, &cara).await;
    let cara = app.login_with(NEW, PASSWORD, "laptop").await.access;
    assert_eq!(app.delete_account(&cara, Some(PASSWORD)).await.status, 200);
}

async fn is_administered(app: &TestApp, cara: &str) {
    let token = app.administrator().await;
    let admin = app.admin_token();
    assert_eq!(app.claim_admin(cara, &admin).await.status, 200);
    app.claim_admin(cara, &admin).await.refused(400, "session_not_found");
    let id = claims(cara)["sub"].as_str().unwrap().to_owned();
    for (act, body) in [
        ("roles", json!({"roles": ["reader"]})),
        ("password-reset", json!({"client_id": "laptop"})),
        ("end-sessions", json!({})),
        ("disable", json!({})),
        ("enable", json!({})),
    ] {
        assert_eq!(app.administer(&token, &id, act, body).await.status, 200, "{act}");
    }
    let found = app.call("POST", "/api/v1/admin/users/find", &token, Some(json!({"user_id": id}))).await;
    assert_eq!(found.status, 200);
    app.advance(1);
}

async fn resets(app: &TestApp) {
    app.sign_up(CARA, "laptop").await;
    app.advance(1);
    app.send_reset(NOBODY, "laptop").await;
    let code = app.reset_code(CARA, "laptop").await;
    app.verify_reset(CARA, &other_code(&code), "laptop").await.refused(400, "invalid_code");
    app.verify_reset(CARA, &code, "thief").await.refused(401, "client_id_mismatch");
    app.complete_reset("nonsense", NEW_PASSWORD, "laptop").await.refused(400, "session_not_found");
    let token = app.verify_reset(CARA, &code, "laptop").await.body["reset_token"].as_str().unwrap().to_owned();
    assert_eq!(app.complete_reset(&token, NEW_PASSWORD, "laptop").await.status, 200);
    app.advance(1);

    app.sign_up(DORA, "laptop").await;
    let code = app.reset_code(DORA, "laptop").await;
    app.sql("UPDATE accounts SET disabled = TRUE WHERE email = 'dora@example.com'").await;
    app.verify_reset(DORA, &code, "laptop").await.refused(403, "account_disabled");
}

async fn moves(app: &TestApp, cara: &str) {
    app.verify_email_change(cara, "000000").await.refused(400, "session_not_found");
    assert_eq!(app.send_email_change(cara, ADA, Some(PASSWORD)).await.status, 200);
    assert_eq!(app.send_email_change(cara, NEW, Some(PASSWORD)).await.status, 200);
    let code = app.mailed_codes(NEW).await[0].clone();
    app.verify_email_change(cara, &other_code(&code)).await.refused(400, "invalid_code");
    assert_eq!(app.verify_email_change(cara, &code).await.status, 200);
}
