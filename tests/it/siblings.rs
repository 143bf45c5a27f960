//! Siblings, each a process of its own beside one server or two: who signs in is let
//! in, and whose session or token ends, in whatever way, is let in no more.

mod one_server;
mod two_servers;

use serde_json::json;

use crate::support::{
    app::PASSWORD,
    process::{Service, dev_settings},
};

const ADA: &str = "ada@example.com";

/// Access and refresh token of a sign-in of Ada's.
async fn sign_in(sekisho: &Service, client_id: &str) -> [String; 2] {
    let body = json!({"email": ADA, "password": PASSWORD, "client_id": client_id});
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
