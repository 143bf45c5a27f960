//! Siblings, each a process of its own beside one server or two: who signs in is let
//! in, and whose session or token ends, in whatever way, is let in no more.

mod one_server;
mod two_servers;

use serde_json::json;

use crate::support::{
    account::NEW_PASSWORD,
    app::PASSWORD,
    process::{Service, dev_settings},
};

const ADA: &str = "ada@example.com";

/// Access and refresh token of a sign-in of Ada's.
async fn sign_in(sekisho: &Service, client_id: &str) -> [String; 2] {
    sign_in_with(sekisho, PASSWORD, client_id).await
}

async fn sign_in_with(sekisho: &Service, password: &str, client_id: &str) -> [String; 2] {
    let body = json!({"email": ADA, "password": password, "client_id": client_id});
    let answer = sekisho.post("/api/v1/auth/login", body).await;
    ["access_token", "refresh_token"].map(|name| answer.body[name].as_str().expect("tokens").to_owned())
}

async fn log_out(sekisho: &Service, refresh: &str, client_id: &str) {
    let body = json!({"refresh_token": refresh, "client_id": client_id});
    assert_eq!(sekisho.post("/api/v1/auth/logout", body).await.status, 200);
}

async fn log_out_everywhere(sekisho: &Service, access: &str) {
    let request = sekisho.request(http::Method::POST, "/api/v1/auth/logout-all").bearer_auth(access);
    assert_eq!(request.json(&json!({})).send().await.unwrap().status(), 200);
}

async fn change_password(sekisho: &Service, access: &str) {
    let body = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    let request = sekisho.request(http::Method::POST, "/api/v1/user/password").bearer_auth(access);
    assert_eq!(request.json(&body).send().await.unwrap().status(), 200);
}

async fn reset_password(sekisho: &Service, client_id: &str, password: &str) {
    let (status, answer) = sekisho.try_reset(ADA, password, client_id).await.unwrap();
    assert_eq!(status, 200, "{answer}");
}

async fn delete_account(sekisho: &Service, access: &str) {
    let request = sekisho.request(http::Method::DELETE, "/api/v1/user/account").bearer_auth(access);
    assert_eq!(request.json(&json!({})).send().await.unwrap().status(), 200);
}
