//! What has to hold in any outage of any store.

use std::time::Duration;

use sekisho_interceptor::{KeySet, Verifier};
use tokio::time::timeout;

use super::broken::Broken;
use crate::support::{
    Answer, TestApp,
    acts::ADA,
    app::{PASSWORD, SignedIn},
    eventually, http,
    proxy::Mode,
};

/// On a machine that is busy. That it is the store which is not waited for, the reason says:
/// a call that runs into its own deadline has another one.
const BOUND: Duration = Duration::from_secs(60);

/// Breaks the store, makes every call that needs it, and mends it.
pub async fn is_told_and_passes(Broken { app, proxy }: Broken, mode: Mode) {
    let laptop = app.ada().await;
    let phone = app.ada_on("phone").await;
    let keys = verifying_keys(&app).await;

    proxy.set(mode).await;
    let calls = async {
        tokio::join!(
            app.try_login(ADA, PASSWORD, "tablet"),
            app.refresh(&laptop.refresh, "laptop"),
            app.log_out(&phone.refresh, "phone"),
            // What was found just before the outage is told for a second.
            eventually(async || readiness(&app).await == 503),
        )
    };
    let (login, refresh, logout, ()) = timeout(BOUND, calls).await.expect("answers in time");
    for answer in [login, refresh, logout] {
        is_told_to_come_back(&answer);
    }
    assert_eq!(app.ops_text("/livez").await, "ok\n", "a restart would not help");
    let keys_meanwhile = verifying_keys(&app).await;
    for keys in [keys, keys_meanwhile] {
        verifies(&app, &laptop, &keys);
    }

    proxy.set(Mode::Pass).await;
    goes_on(&app, &laptop, &phone).await;
}

pub async fn connections_that_broke_while_idle_are_replaced(Broken { app, proxy }: Broken) {
    let laptop = app.ada().await;
    let phone = app.ada_on("phone").await;
    proxy.cut().await;
    goes_on(&app, &laptop, &phone).await;
}

/// That all work again without a restart.
async fn goes_on(app: &TestApp, laptop: &SignedIn, phone: &SignedIn) {
    eventually(async || is_done(&app.try_login(ADA, PASSWORD, "tablet").await)).await;
    eventually(async || is_done(&app.refresh(&laptop.refresh, "laptop").await)).await;
    eventually(async || is_done(&app.log_out(&phone.refresh, "phone").await)).await;
    eventually(async || readiness(app).await == 200).await;
}

/// Whether a call was answered; until it is, the store alone is to blame.
fn is_done(answer: &Answer) -> bool {
    if answer.status != 200 {
        is_told_to_come_back(answer);
    }
    answer.status == 200
}

#[track_caller]
fn is_told_to_come_back(answer: &Answer) {
    answer.refused(503, "store_unavailable");
    let seconds: u64 = answer.header("retry-after").expect("Retry-After").parse().unwrap();
    assert!(seconds > 0, "{answer:?}");
}

async fn readiness(app: &TestApp) -> u16 {
    reqwest::get(format!("{}/readyz", app.ops())).await.unwrap().status().as_u16()
}

async fn verifying_keys(app: &TestApp) -> KeySet {
    let answer = http::send(app.request("GET", "/.well-known/jwks.json")).await;
    KeySet::from_jwks(&answer.body).unwrap()
}

#[track_caller]
fn verifies(app: &TestApp, signed_in: &SignedIn, keys: &KeySet) {
    let now = app.app.ctx.now().seconds();
    Verifier::new("http://localhost:8080", "sekisho-dev").verify(&signed_in.access, keys, now).unwrap();
}
