//! What an administrator does.

use serde_json::Value;

use super::{Answer, TestApp};

impl TestApp {
    /// The access token of a service that may administer accounts.
    pub async fn administrator(&self) -> String {
        let secret = self.service("back-office", "accounts:admin").await;
        self.ask_service_token("back-office", &secret, None).await.unwrap().access_token
    }

    /// Acts on an account.
    pub async fn administer(&self, token: &str, id: &str, act: &str, body: Value) -> Answer {
        let method = if act == "roles" { "PUT" } else { "POST" };
        self.call(method, &format!("/api/v1/admin/users/{id}/{act}"), token, Some(body)).await
    }
}
