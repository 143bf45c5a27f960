//! What people do to their accounts.

use sekisho::{clock::Clock, crypto::admin_token::AdminToken, entropy::SystemEntropy};
use serde_json::{Value, json};

use super::{
    Answer, TestApp,
    app::{SignedIn, secrets},
    eventually::eventually,
};

/// Another password that is strong enough.
pub const NEW_PASSWORD: &str = "eleven purple gates at dawn";

impl TestApp {
    /// Asks for a code that resets the password.
    pub async fn send_reset(&self, email: &str, client_id: &str) -> Answer {
        let body = json!({"email": email, "client_id": client_id});
        self.post("/api/v1/auth/password-reset/send-code", body).await
    }

    /// Presents the code.
    pub async fn verify_reset(&self, email: &str, code: &str, client_id: &str) -> Answer {
        let body = json!({"email": email, "code": code, "client_id": client_id});
        self.post("/api/v1/auth/password-reset/verify-code", body).await
    }

    /// Presents the token.
    pub async fn complete_reset(&self, token: &str, password: &str, client_id: &str) -> Answer {
        let body = json!({"reset_token": token, "new_password": password, "client_id": client_id});
        self.post("/api/v1/auth/password-reset/complete", body).await
    }

    /// A code that was just mailed.
    pub async fn reset_code(&self, email: &str, client_id: &str) -> String {
        let before = self.mailed_codes(email).await.len();
        assert_eq!(self.send_reset(email, client_id).await.status, 200);
        self.newest_code(email, before + 1).await
    }

    /// A token that was just given.
    pub async fn reset_token(&self, email: &str, client_id: &str) -> String {
        let code = self.reset_code(email, client_id).await;
        let answer = self.verify_reset(email, &code, client_id).await;
        assert_eq!((answer.status, &answer.body["expires_in"]), (200, &json!(600)), "{answer:?}");
        answer.body["reset_token"].as_str().unwrap().to_owned()
    }

    /// Changes the password.
    pub async fn change_password(&self, access: &str, current: &str, new: &str) -> Answer {
        let body = json!({"current_password": current, "new_password": new});
        self.call("POST", "/api/v1/user/password", access, Some(body)).await
    }

    /// Asks for a code at another address.
    pub async fn send_email_change(&self, access: &str, new_email: &str, password: Option<&str>) -> Answer {
        let mut body = json!({"new_email": new_email});
        if let Some(password) = password {
            body["password"] = json!(password);
        }
        self.call("POST", "/api/v1/user/email/send-code", access, Some(body)).await
    }

    /// Presents it.
    pub async fn verify_email_change(&self, access: &str, code: &str) -> Answer {
        self.call("POST", "/api/v1/user/email/verify-code", access, Some(json!({"code": code}))).await
    }

    /// Deletes the account.
    pub async fn delete_account(&self, access: &str, password: Option<&str>) -> Answer {
        let body = password.map_or_else(|| json!({}), |password| json!({"password": password}));
        self.call("DELETE", "/api/v1/user/account", access, Some(body)).await
    }

    /// Proves identity within the session.
    pub async fn reauthenticate(&self, access: &str, password: &str) -> Answer {
        self.call("POST", "/api/v1/auth/reauthenticate", access, Some(json!({"password": password}))).await
    }

    /// As `sekisho user admin-token` prints it.
    pub fn admin_token(&self) -> String {
        AdminToken::issue(&secrets(), &SystemEntropy, self.clock.now()).unwrap().expose()
    }

    /// Redeems such a token.
    pub async fn claim_admin(&self, access: &str, token: &str) -> Answer {
        self.call("POST", "/api/v1/user/claim-admin", access, Some(json!({"token": token}))).await
    }

    /// Signs in with a password that is not the usual one.
    pub async fn login_with(&self, email: &str, password: &str, client_id: &str) -> SignedIn {
        SignedIn::of(self.try_login(email, password, client_id).await)
    }

    /// Waits for a notice to an address.
    pub async fn told(&self, email: &str, subject: &str) -> Value {
        let mut found = None;
        eventually(async || self.mails(email).await.iter().any(|mail| mail["subject"] == subject)).await;
        for mail in self.mails(email).await {
            if mail["subject"] == subject {
                found = found.or(Some(mail));
            }
        }
        found.unwrap()
    }

    /// How many mails with this subject there are.
    pub async fn count_told(&self, email: &str, subject: &str) -> usize {
        self.mails(email).await.iter().filter(|mail| mail["subject"] == subject).count()
    }
}
