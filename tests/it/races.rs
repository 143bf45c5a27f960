//! Callers who come at the same moment, and callers who hang up.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use tokio::sync::Barrier;

use crate::support::{Answer, TestApp, acts::ADA};

const CALLERS: usize = 64;

/// The answers of callers who start together.
async fn at_once<F>(app: &Arc<TestApp>, act: impl Fn(Arc<TestApp>, usize) -> F) -> Vec<Answer>
where
    F: Future<Output = Answer> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(CALLERS));
    let callers: Vec<_> = (0..CALLERS)
        .map(|number| {
            let (barrier, act) = (barrier.clone(), act(app.clone(), number));
            tokio::spawn(async move {
                barrier.wait().await;
                act.await
            })
        })
        .collect();
    let mut answers = Vec::with_capacity(CALLERS);
    for caller in callers {
        answers.push(caller.await.unwrap());
    }
    answers
}

/// How many answers there are of each kind: the reason of a refusal, or "ok".
fn tally(answers: &[Answer]) -> BTreeMap<&str, usize> {
    let mut tally = BTreeMap::new();
    for answer in answers {
        *tally.entry(answer.body["error"].as_str().unwrap_or("ok")).or_default() += 1;
    }
    tally
}

/// One is let in. A mailbox has twenty guesses at once, over all clients; those
/// beyond are told to wait, the others that the code is gone.
#[track_caller]
fn one_is_let_in(answers: &[Answer]) {
    let tally = tally(answers);
    assert_eq!(tally["ok"], 1, "{tally:?}");
    let told: Vec<&str> = tally.into_keys().collect();
    assert_eq!(told, ["ok", "rate_limit_exceeded", "session_not_found"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_spent_once() {
    let app = Arc::new(TestApp::start().await);
    let code = app.code(ADA, "laptop").await;
    let answers = at_once(&app, move |app, _| {
        let code = code.clone();
        async move { app.verify_code(ADA, &code, "laptop").await }
    })
    .await;
    one_is_let_in(&answers);
}

/// However they come, no more guesses are had than there are.
#[tokio::test(flavor = "multi_thread")]
async fn guesses_are_counted_before_they_are_compared() {
    let app = Arc::new(TestApp::start().await);
    let code = crate::support::acts::other_code(&app.code(ADA, "laptop").await);
    let answers = at_once(&app, move |app, _| {
        let code = code.clone();
        async move { app.verify_code(ADA, &code, "laptop").await }
    })
    .await;
    let guessed = answers.iter().filter(|answer| answer.body["error"] == "invalid_code");
    let mut left: Vec<&str> = guessed.map(|answer| answer.body["details"]["attempts_left"].as_str().unwrap()).collect();
    left.sort_unstable();
    assert_eq!(left, ["0", "1", "2", "3", "4"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_token_refreshed_by_many_has_one_successor() {
    let app = Arc::new(TestApp::start().await);
    let token = app.ada().await.refresh;
    let answers = at_once(&app, move |app, _| {
        let token = token.clone();
        async move { app.refresh(&token, "laptop").await }
    })
    .await;
    let successors: HashSet<String> = answers.iter().map(Answer::refresh_token).collect();
    assert_eq!(successors.len(), 1);
    app.refreshed(successors.iter().next().unwrap(), "laptop").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_that_races_a_logout_loses() {
    for _ in 0..5 {
        let app = Arc::new(TestApp::start().await);
        let ada = app.ada().await;
        let token = ada.refresh.clone();
        let answers = at_once(&app, move |app, number| {
            let token = token.clone();
            async move {
                if number == CALLERS / 2 {
                    return app.log_out(&token, "laptop").await;
                }
                app.refresh(&token, "laptop").await
            }
        })
        .await;
        assert_eq!(answers[CALLERS / 2].status, 200);
        let returned = answers.iter().filter_map(|answer| answer.body["refresh_token"].as_str());
        for token in returned.chain([ada.refresh.as_str()]) {
            app.refresh(token, "laptop").await.refused(401, "refresh_token_invalid");
        }
        app.profile(&ada.access).await.refused(401, "session_revoked");
        assert_eq!(app.journal().await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_sign_ups_at_one_address_are_one_account() {
    let app = Arc::new(TestApp::with(&[("SEKISHO_LIMIT_CODE", "1000/300")]).await);
    let password = |number: usize| format!("correct horse number {number}");
    let mut codes = Vec::new();
    for number in 0..CALLERS {
        app.send_code(ADA, &password(number), &format!("client-{number}")).await;
        codes.push(app.newest_code(ADA, number + 1).await);
    }
    let answers = at_once(&app, move |app, number| {
        let code = codes[number].clone();
        async move { app.verify_code(ADA, &code, &format!("client-{number}")).await }
    })
    .await;
    let winners: Vec<usize> = (0..CALLERS).filter(|number| answers[*number].status == 201).collect();
    one_is_let_in(&answers);
    assert_eq!(app.try_login(ADA, &password(winners[0]), "phone").await.status, 200);
    let loser = (winners[0] + 1) % CALLERS;
    app.try_login(ADA, &password(loser), "phone").await.refused(401, "invalid_credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_that_race_keep_to_the_session_limit() {
    let app = Arc::new(TestApp::with(&[("SEKISHO_LIMIT_LOGIN", "100/300")]).await);
    let ada = app.ada().await;
    app.advance(1);
    let answers = at_once(&app, |app, number| async move {
        app.try_login(ADA, crate::support::app::PASSWORD, &format!("client-{number}")).await
    })
    .await;
    // The queue of the hasher is bounded, so some may be sent away.
    let (ok, overloaded) = (tally(&answers)["ok"], tally(&answers).get("overloaded").copied().unwrap_or(0));
    assert_eq!(ok + overloaded, CALLERS);
    assert!(ok > 5, "too few got through to meet the limit");
    let evicted: HashSet<&str> =
        answers.iter().filter_map(|answer| answer.body["evicted_session"]["id"].as_str()).collect();
    assert_eq!(evicted.len(), ok + 1 - 5);
    app.advance(1);
    let last = app.login(ADA, "phone").await;
    assert_eq!(app.listed(&last.access).await.len(), 5);
    app.ended(&ada, "laptop").await;
}

/// Whether the server had begun, was half way or had answered: the session goes
/// on with the old token. After the restart nothing is in flight.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_who_hangs_up_keeps_the_session() {
    let app = Arc::new(TestApp::with(&[("SEKISHO_MAX_SESSIONS", "0")]).await);
    app.ada().await;
    let mut current = Vec::new();
    for turns in 0..100 {
        let token = app.login(ADA, "laptop").await.refresh;
        let (caller, given_up) = (app.clone(), token.clone());
        let call = tokio::spawn(async move { caller.refresh(&given_up, "laptop").await });
        for _ in 0..4 * turns * turns {
            tokio::task::yield_now().await;
        }
        call.abort();
        let _ = call.await;
        current.push(app.refreshed(&token, "laptop").await);
    }
    let metrics = app.ops_text("/metrics").await;
    assert!(metrics.contains("refresh_replayed"), "no caller hung up late enough");
    let app = Arc::into_inner(app).unwrap().restart(&[("SEKISHO_MAX_SESSIONS", "0")]).await;
    for token in current {
        app.refreshed(&token, "laptop").await;
    }
}
