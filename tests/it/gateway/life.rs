//! What people do, step by step, with what the steps before gave them.

use super::{
    case::Case,
    reply::Reply,
    side::{Pair, Side},
};
use crate::support::app::PASSWORD;

const CREDENTIALS: &str =
    r#"{"email":"<email>","password":"correct horse battery staple","client_id":"laptop","device_name":"Läptop"}"#;
const CODE: &str = r#"{"email":"<email>","code":"<code>","client_id":"laptop"}"#;
const CLIENT: &str = r#"{"email":"<email>","client_id":"laptop"}"#;
const REFRESH: &str = r#"{"refresh_token":"<refresh>","client_id":"laptop"}"#;
const NEW: &str = "eleven purple gates at dawn";

impl Side {
    /// A step, and what is known after it.
    async fn step(&mut self, case: &Case) -> Reply {
        let reply = self.send(case).await;
        let json = reply.json();
        for (name, member) in [("access", "access_token"), ("refresh", "refresh_token"), ("reset", "reset_token")] {
            if let Some(token) = json[member].as_str() {
                self.known.insert(name, token.to_owned());
            }
        }
        if let Some(id) = json["sessions"][0]["id"].as_str() {
            self.known.insert("session_id", id.to_owned());
        }
        reply
    }

    async fn read_mail(&mut self, email: &str) {
        if let Some(code) = self.app.mailed_codes(email).await.into_iter().next() {
            self.known.insert("code", code);
        }
    }
}

impl Pair {
    /// The same step on both sides.
    async fn step(&mut self, status: u16, case: Case) {
        let (direct, gateway) = (self.direct.step(&case).await, self.gateway.step(&case).await);
        assert_eq!(direct.essence(), gateway.essence(), "{}", case.name());
        assert_eq!(direct.status, status, "{}: {direct:?}", case.name());
    }

    async fn post(&mut self, status: u16, path: &str, body: &str) {
        self.step(status, Case::json("POST", format!("/api/v1/auth/{path}"), body)).await;
    }

    async fn signed_in(&mut self, status: u16, method: &str, path: &str, body: &str) {
        let case = if body.is_empty() { Case::new(method, path) } else { Case::json(method, path, body) };
        self.step(status, case.bearer("<access>")).await;
    }

    async fn read_mail(&mut self, email: &str) {
        for side in self.sides() {
            side.read_mail(email).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_life_of_an_account() {
    let Some(mut pair) = Pair::start(&[]).await else { return };
    let email = "ada@example.com";
    for side in pair.sides() {
        side.known.insert("email", email.to_owned());
    }
    pair.post(200, "signup/send-code", &CREDENTIALS.replace(r#","device_name":"Läptop""#, "")).await;
    pair.read_mail(email).await;
    pair.post(400, "signup/verify-code", r#"{"email":"<email>","code":"000000","client_id":"laptop"}"#).await;
    pair.post(201, "signup/verify-code", CODE).await;
    pair.signed_in(200, "GET", "/api/v1/user/profile", "").await;
    pair.signed_in(200, "PUT", "/api/v1/user/profile", r#"{"display_name":"Ada 🎉","locale":"ja"}"#).await;
    pair.signed_in(200, "GET", "/api/v1/user/profile", "").await;
    // The last used comes first; of two in one second, either.
    pair.advance(1);
    pair.post(200, "login", CREDENTIALS).await;
    pair.signed_in(200, "GET", "/api/v1/auth/sessions", "").await;
    pair.post(200, "refresh", REFRESH).await;
    pair.post(401, "refresh", r#"{"refresh_token":"<refresh>","client_id":"phone"}"#).await;
    pair.signed_in(401, "GET", "/api/v1/user/profile", "").await;
    pair.post(200, "login", CREDENTIALS).await;
    pair.signed_in(200, "GET", "/api/v1/auth/sessions", "").await;
    let change = format!(r#"{{"current_password":"{PASSWORD}","new_password":"{NEW}"}}"#);
    pair.signed_in(200, "POST", "/api/v1/user/password", &change).await;
    pair.signed_in(200, "GET", "/api/v1/audit/events?page_size=3", "").await;
    pair.signed_in(200, "DELETE", "/api/v1/auth/sessions/<session_id>", "").await;
    pair.signed_in(401, "GET", "/api/v1/auth/sessions", "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_reset_and_the_account_deleted() {
    let Some(mut pair) = Pair::start(&[]).await else { return };
    let email = "ada@example.com";
    pair.sign_up(email).await;
    pair.post(200, "password-reset/send-code", CLIENT).await;
    pair.read_mail(email).await;
    pair.post(200, "password-reset/verify-code", CODE).await;
    let complete = format!(r#"{{"reset_token":"<reset>","new_password":"{NEW}","client_id":"laptop"}}"#);
    pair.post(200, "password-reset/complete", &complete).await;
    pair.post(400, "password-reset/complete", &complete).await;
    pair.post(401, "login", CREDENTIALS).await;
    pair.post(200, "login", &CREDENTIALS.replace(PASSWORD, NEW)).await;
    pair.advance(301);
    pair.signed_in(401, "DELETE", "/api/v1/user/account", "{}").await;
    pair.signed_in(200, "POST", "/api/v1/auth/reauthenticate", &format!(r#"{{"password":"{NEW}"}}"#)).await;
    pair.signed_in(200, "POST", "/api/v1/auth/sessions/logout-all", r#"{"keep_current":true}"#).await;
    pair.signed_in(200, "DELETE", "/api/v1/user/account", "").await;
    pair.signed_in(401, "GET", "/api/v1/user/profile", "").await;
    pair.post(200, "logout", REFRESH).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_say_when_to_come_back() {
    let Some(mut pair) = Pair::start(&[("SEKISHO_LIMIT_LOGIN", "2/300")]).await else { return };
    pair.sign_up("ada@example.com").await;
    let wrong = CREDENTIALS.replace(PASSWORD, "another long password");
    for status in [401, 401, 429, 429] {
        pair.post(status, "login", &wrong).await;
        pair.advance(1);
    }
}
