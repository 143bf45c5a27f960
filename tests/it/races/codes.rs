//! A code has one winner, and a mailbox one account.

use super::{CALLERS, Services, at_once, tally};
use crate::support::{
    Answer,
    acts::{ADA, other_code},
};

/// One is let in. A mailbox has twenty guesses at once, over all clients; those
/// beyond are told to wait, the others that the code is gone.
#[track_caller]
fn one_is_let_in(answers: &[Answer]) {
    let tally = tally(answers);
    assert_eq!(tally["ok"], 1, "{tally:?}");
    let told: Vec<&str> = tally.into_keys().collect();
    assert_eq!(told, ["ok", "rate_limit_exceeded", "session_not_found"]);
}

pub async fn a_code_is_spent_once(services: &Services) {
    let code = services[0].code(ADA, "laptop").await;
    let answers = at_once(services, move |service, _| {
        let code = code.clone();
        async move { service.verify_code(ADA, &code, "laptop").await }
    })
    .await;
    one_is_let_in(&answers);
}

/// However they come, no more guesses are had than there are.
pub async fn guesses_are_counted_before_they_are_compared(services: &Services) {
    let code = other_code(&services[0].code(ADA, "laptop").await);
    let answers = at_once(services, move |service, _| {
        let code = code.clone();
        async move { service.verify_code(ADA, &code, "laptop").await }
    })
    .await;
    let guessed = answers.iter().filter(|answer| answer.body["error"] == "invalid_code");
    let mut left: Vec<&str> = guessed.map(|answer| answer.body["details"]["attempts_left"].as_str().unwrap()).collect();
    left.sort_unstable();
    assert_eq!(left, ["0", "1", "2", "3", "4"]);
}

pub async fn many_sign_ups_at_one_address_are_one_account(services: &Services) {
    let first = &services[0];
    let password = |number: usize| format!("correct horse number {number}");
    let mut codes = Vec::new();
    for number in 0..CALLERS {
        first.send_code(ADA, &password(number), &format!("client-{number}")).await;
        codes.push(first.newest_code(ADA, number + 1).await);
    }
    let answers = at_once(services, move |service, number| {
        let code = codes[number].clone();
        async move { service.verify_code(ADA, &code, &format!("client-{number}")).await }
    })
    .await;
    let winners: Vec<usize> = (0..CALLERS).filter(|number| answers[*number].status == 201).collect();
    one_is_let_in(&answers);
    assert_eq!(first.try_login(ADA, &password(winners[0]), "phone").await.status, 200);
    let loser = (winners[0] + 1) % CALLERS;
    first.try_login(ADA, &password(loser), "phone").await.refused(401, "invalid_credentials");
}
