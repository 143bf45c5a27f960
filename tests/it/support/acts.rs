//! What callers do, with the answer as it comes.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sekisho::{
    domain::{Revocation, Session, SessionId, UserId},
    storage::sessions::{Opening, SessionLimit},
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Answer, TestApp,
    app::{PASSWORD, SignedIn},
    http,
};

/// An address that most tests sign up.
pub const ADA: &str = "ada@example.com";
/// A password that is nobody's.
pub const WRONG: &str = "wrong horse battery staple";

impl TestApp {
    /// Asks for a sign-up code.
    pub async fn send_code(&self, email: &str, password: &str, client_id: &str) -> Answer {
        let body = json!({"email": email, "password": password, "client_id": client_id});
        self.post("/api/v1/auth/signup/send-code", body).await
    }

    /// Asks for another sign-up code.
    pub async fn resend_code(&self, email: &str, client_id: &str) -> Answer {
        self.post("/api/v1/auth/signup/resend-code", json!({"email": email, "client_id": client_id})).await
    }

    /// Presents a sign-up code.
    pub async fn verify_code(&self, email: &str, code: &str, client_id: &str) -> Answer {
        let body = json!({"email": email, "code": code, "client_id": client_id});
        self.post("/api/v1/auth/signup/verify-code", body).await
    }

    /// The newest code, of so many.
    pub async fn newest_code(&self, email: &str, count: usize) -> String {
        let codes = self.mailed_codes(email).await;
        assert_eq!(codes.len(), count, "codes to {email}");
        codes[0].clone()
    }

    /// Tries to sign in.
    pub async fn try_login(&self, email: &str, password: &str, client_id: &str) -> Answer {
        self.post("/api/v1/auth/login", json!({"email": email, "password": password, "client_id": client_id})).await
    }

    /// Signs out.
    pub async fn log_out(&self, refresh: &str, client_id: &str) -> Answer {
        self.post("/api/v1/auth/logout", json!({"refresh_token": refresh, "client_id": client_id})).await
    }

    /// Posts JSON under a fixed request id, so that whole answers can be compared.
    pub async fn post_as(&self, request_id: &str, path: &str, body: Value) -> Answer {
        http::send(self.request("POST", path).header("x-request-id", request_id).json(&body)).await
    }

    /// Posts JSON in a language.
    pub async fn post_in(&self, language: &str, path: &str, body: Value) -> Answer {
        http::send(self.request("POST", path).header("accept-language", language).json(&body)).await
    }

    /// Reads the own profile: the cheapest call that needs an access token.
    pub async fn profile(&self, access: &str) -> Answer {
        self.call("GET", "/api/v1/user/profile", access, None).await
    }

    /// The caller's sessions.
    pub async fn listed(&self, access: &str) -> Vec<Value> {
        let answer = self.call("GET", "/api/v1/auth/sessions", access, None).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["sessions"].as_array().unwrap().clone()
    }

    /// Exchanges a refresh token for the next.
    pub async fn refreshed(&self, refresh: &str, client_id: &str) -> String {
        self.refresh(refresh, client_id).await.refresh_token()
    }

    /// That neither of a sign-in's tokens is worth anything any more.
    #[track_caller]
    pub fn ended<'a>(&'a self, signed_in: &'a SignedIn, client_id: &'a str) -> impl Future<Output = ()> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let refresh = self.refresh(&signed_in.refresh, client_id).await;
            assert_eq!(refresh.body["error"], "refresh_token_invalid", "{caller}: {refresh:?}");
            let profile = self.profile(&signed_in.access).await;
            assert_eq!(profile.body["error"], "session_revoked", "{caller}: {profile:?}");
        }
    }

    /// Ada, signed up on her laptop.
    pub async fn ada(&self) -> SignedIn {
        self.sign_up(ADA, "laptop").await
    }

    /// Signs Ada in on another client, a second later.
    pub async fn ada_on(&self, client_id: &str) -> SignedIn {
        self.advance(1);
        self.login(ADA, client_id).await
    }

    /// Evicts a session, and nothing of what belongs to that.
    pub async fn evict_and_die(&self, signed_in: &SignedIn) {
        let (sessions, now) = (&self.app.ctx.stores.sessions, self.app.ctx.now());
        let user_id = UserId(signed_in.user_id().parse().unwrap());
        let id = SessionId(signed_in.session_id().parse().unwrap());
        let session = sessions.get(user_id, id, now).await.unwrap().unwrap();
        let other =
            Session { id: SessionId(Uuid::from_u128(now.micros().unsigned_abs().into())), created_at: now, ..session };
        let live = sessions.list(user_id, now).await.unwrap().len();
        let limit = SessionLimit::EvictOldest(live.try_into().unwrap());
        let Opening::Opened(evicted) = sessions.open(&other, limit, now).await.unwrap() else { panic!("refused") };
        assert_eq!(evicted.iter().map(|session| session.id).collect::<Vec<_>>(), [id]);
    }

    /// What was taken back and is still in force, oldest first.
    pub async fn journal(&self) -> Vec<Revocation> {
        let (stores, now) = (&self.app.ctx.stores, self.app.ctx.now());
        let rows = stores.journal.live(0, now, 1_000).await.unwrap();
        let mut news: Vec<_> = stores.revocations.after(None, now, 1_000).await.unwrap();
        news.sort_by_key(|(_, (number, _))| *number);
        assert!(news.iter().map(|(_, line)| line).eq(&rows), "the stream has what the journal has");
        rows.into_iter().map(|(_, revocation)| revocation).collect()
    }

    /// The same data, after a stop and a start with other settings.
    pub async fn restart(self, settings: &[(&str, &str)]) -> Self {
        let (data, clock) = self.stop().await;
        Self::at(data, clock, settings).await
    }

    /// A probe or the metrics, as text.
    pub async fn ops_text(&self, path: &str) -> String {
        reqwest::get(format!("{}{path}", self.ops())).await.unwrap().text().await.unwrap()
    }
}

impl SignedIn {
    /// What the access token says, without a look at its signature.
    pub fn claims(&self) -> Value {
        claims(&self.access)
    }

    /// The session.
    pub fn session_id(&self) -> String {
        self.claims()["sid"].as_str().unwrap().to_owned()
    }

    /// The person.
    pub fn user_id(&self) -> String {
        self.claims()["sub"].as_str().unwrap().to_owned()
    }
}

/// What an access token says, without a look at its signature.
pub fn claims(access: &str) -> Value {
    part(access, 1)
}

/// The header of an access token.
pub fn jose_header(access: &str) -> Value {
    part(access, 0)
}

fn part(token: &str, index: usize) -> Value {
    let encoded = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).unwrap()).unwrap()
}

/// A code that is not this one.
pub fn other_code(code: &str) -> String {
    code.chars().map(|digit| if digit == '9' { '0' } else { '9' }).collect()
}

/// A sign-in's request, for the tests that change it.
pub fn login_body(client_id: &str) -> Value {
    json!({"email": ADA, "password": PASSWORD, "client_id": client_id})
}
