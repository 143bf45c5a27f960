//! A code has one winner, and a mailbox one account.

use super::{CALLERS, Services, at_once, tally};
use crate::support::{
    Answer,
    acts::{ADA, other_code},
    app::PASSWORD,
};

/// Callers of one mailbox, where there are many: fewer than a code has guesses.
const EACH: usize = 4;

fn mailbox(number: usize) -> String {
    format!("person-{}@example.com", number / EACH)
}

/// A code for each mailbox.
async fn codes(services: &Services) -> Vec<String> {
    let mut codes = Vec::new();
    for number in (0..CALLERS).step_by(EACH) {
        codes.push(services[0].code(&mailbox(number), "laptop").await);
    }
    codes
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

/// X07.
pub async fn a_code_is_spent_once(services: &Services) {
    let code = services[0].code(ADA, "laptop").await;
    let answers = at_once(services, move |service, _| {
        let code = code.clone();
        async move { service.verify_code(ADA, &code, "laptop").await }
    })
    .await;
    one_is_let_in(&answers);
}

/// X06. However they come, no more guesses are had than there are.
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

/// X15.
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

/// X08. Whoever comes first: at no time are both good.
pub async fn of_an_old_code_and_its_replacement_one_is_good(services: &Services) {
    let codes = codes(services).await;
    // Each service is asked for both.
    let resends = |number: usize| number % EACH == number / EACH % EACH;
    let answers = at_once(services, |service, number| {
        let (email, code) = (mailbox(number), codes[number / EACH].clone());
        async move {
            if resends(number) {
                return service.resend_code(&email, "laptop").await;
            }
            if (number / EACH).is_multiple_of(2) {
                // Too early it would always come first.
                service.verify_code(&email, &code, "phone").await;
            }
            service.verify_code(&email, &code, "laptop").await
        }
    })
    .await;
    for number in (0..CALLERS).filter(|number| resends(*number)) {
        let (at, resent) = (number / EACH, &answers[number]);
        let tally = tally(&answers[at * EACH..(at + 1) * EACH]);
        if resent.status != 200 {
            resent.refused(400, "session_not_found");
            assert_eq!((tally["ok"], tally["session_not_found"]), (1, EACH - 1), "{tally:?}");
            continue;
        }
        // A service has a mailbox of its own.
        let newest = services[number % services.len()].mailed_codes(&mailbox(number)).await[0].clone();
        if newest != codes[at] {
            assert_eq!((tally["ok"], tally["invalid_code"]), (1, EACH - 1), "{tally:?}");
            assert_eq!(services[0].verify_code(&mailbox(number), &newest, "laptop").await.status, 201);
        }
    }
}

/// X09. A clock that moves on between them lets nobody in who comes after the end.
pub async fn a_code_is_taken_before_its_end_or_not_at_all(services: &Services) {
    let first = &services[0];
    let codes = codes(services).await;
    first.advance(899);
    let answers = at_once(services, |service, number| {
        let (email, code) = (mailbox(number), codes[number / EACH].clone());
        async move {
            if number == CALLERS / 2 {
                service.advance(1);
            }
            service.verify_code(&email, &code, "laptop").await
        }
    })
    .await;
    for (at, answers) in answers.chunks(EACH).enumerate() {
        let (email, tally) = (mailbox(at * EACH), tally(answers));
        let taken = tally.get("ok").copied().unwrap_or(0);
        assert!(taken <= 1 && tally["session_not_found"] == EACH - taken, "{tally:?}");
        for service in services {
            service.verify_code(&email, &codes[at], "laptop").await.refused(400, "session_not_found");
        }
        let login = first.try_login(&email, PASSWORD, "phone").await;
        assert_eq!(login.status, if taken == 1 { 200 } else { 401 }, "{login:?}");
    }
}
