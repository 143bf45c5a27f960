//! The replacement of `SEKISHO_SECRET`, step by step.

use serde_json::json;

use crate::support::{
    TestApp,
    app::{PASSWORD, SECRET},
};

const NEW: &str = "bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldy1zZWNyZXQtMDI=";

/// R10.
#[tokio::test(flavor = "multi_thread")]
async fn the_old_secret_can_go_once_everybody_has_signed_in() {
    let app = TestApp::start().await;
    let first = app.sign_up("ada@example.com", "laptop").await;
    app.sign_up("grace@example.com", "laptop").await;
    let (data, clock) = app.stop().await;

    let both = [("SEKISHO_SECRET", NEW), ("SEKISHO_SECRET_PREVIOUS", SECRET)];
    let app = TestApp::at(data, clock, &both).await;
    let refreshed = app.refresh(&first.refresh, "laptop").await;
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    assert_eq!(app.call("GET", "/api/v1/user/profile", &first.access, None).await.status, 200);
    app.login("ada@example.com", "phone").await;
    let (data, clock) = app.stop().await;

    let app = TestApp::at(data, clock, &[("SEKISHO_SECRET", NEW)]).await;
    let token = refreshed.body["refresh_token"].as_str().unwrap();
    assert_eq!(app.refresh(token, "laptop").await.status, 200);
    assert_eq!(app.call("GET", "/api/v1/user/profile", &first.access, None).await.status, 200);
    app.login("ada@example.com", "phone").await;

    // Whoever has not signed in since has a password that nobody can check.
    let body = json!({"email": "grace@example.com", "password": PASSWORD, "client_id": "laptop"});
    app.post("/api/v1/auth/login", body).await.refused(401, "invalid_credentials");
}
