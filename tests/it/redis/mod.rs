//! Redis as it fails: what was taken back stays taken back, and the service goes
//! on by itself when Redis does.

mod failover;
mod follow;
mod losses;
mod settings;
mod transport;
pub mod users;

use std::sync::Mutex;

use serde_json::json;

use crate::support::{Answer, TestApp, acts::ADA, app::SignedIn, eventually::eventually, servers::Owned};

pub const CLIENT: &str = "laptop";

/// A service on a Redis of its own. Ada may sign in as often as a test wants.
pub async fn app_on(redis: &Owned) -> TestApp {
    app_at(&redis.url, &[]).await
}

/// With a deadline that a machine busy with tests can keep.
pub async fn app_at(url: &str, settings: &[(&str, &str)]) -> TestApp {
    let mut all = vec![
        ("SEKISHO_REDIS_URL", url),
        ("SEKISHO_REDIS_TIMEOUT", "2000"),
        ("SEKISHO_MAX_SESSIONS", "0"),
        ("SEKISHO_LIMIT_LOGIN", "100000/300"),
    ];
    all.extend_from_slice(settings);
    TestApp::with(&all).await
}

/// As many sign-ins of Ada, who has signed up.
pub async fn sign_ins(app: &TestApp, number: usize) -> Vec<SignedIn> {
    let mut sign_ins = Vec::new();
    for _ in 0..number {
        sign_ins.push(app.ada_on(CLIENT).await);
    }
    sign_ins
}

/// The answer to a refresh, which may have to wait for its part of the store.
pub async fn refresh_in_the_end(app: &TestApp, token: &str) -> Answer {
    let body = json!({"refresh_token": token, "client_id": CLIENT});
    let answer = Mutex::new(None);
    eventually(async || {
        let last = app.post("/api/v1/auth/refresh", body.clone()).await;
        let is_there = last.status != 503;
        *answer.lock().unwrap() = Some(last);
        is_there
    })
    .await;
    answer.into_inner().unwrap().unwrap()
}

/// The service takes sign-ins again.
pub async fn recovers(app: &TestApp) {
    eventually(async || app.try_login(ADA, crate::support::app::PASSWORD, CLIENT).await.status == 200).await;
}

/// Nobody who was signed out comes back, and nobody else was signed out.
pub async fn only_these_are_out(app: &TestApp, out: &[SignedIn], still_in: &[SignedIn]) {
    for signed_in in still_in {
        let answer = refresh_in_the_end(app, &signed_in.refresh).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    for signed_in in out {
        refresh_in_the_end(app, &signed_in.refresh).await.refused(401, "refresh_token_invalid");
        app.profile(&signed_in.access).await.refused(401, "session_revoked");
    }
}
