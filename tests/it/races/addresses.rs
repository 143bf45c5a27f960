//! An address has one account, and an account one address.

use super::{CALLERS, Services, at_once, tally};
use crate::support::{
    account::NEW_PASSWORD,
    acts::ADA,
    app::{PASSWORD, SignedIn},
};

const NEW: &str = "lovelace@example.com";

/// X15, X16. A mailbox that two have proven is the one's or the other's.
pub async fn an_address_goes_to_a_sign_up_or_to_a_change(services: &Services) {
    let first = &services[0];
    let ada = first.ada().await;
    let signs_up = first.code(NEW, "phone").await;
    assert_eq!(first.send_email_change(&ada.access, NEW, None).await.status, 200);
    let moves = first.newest_code(NEW, 2).await;
    let answers = at_once(services, |service, number| {
        let (access, signs_up, moves) = (ada.access.clone(), signs_up.clone(), moves.clone());
        async move {
            // Each service serves both.
            if number / 2 % 2 == 0 {
                service.verify_code(NEW, &signs_up, "phone").await
            } else {
                service.verify_email_change(&access, &moves).await
            }
        }
    })
    .await;
    one_wins(&answers);
    let owner = first.login(NEW, "tablet").await.user_id();
    let moved = answers.iter().any(|answer| answer.status == 200);
    assert_eq!(owner == ada.user_id(), moved);
    let at_the_old = first.try_login(ADA, PASSWORD, "tablet").await;
    assert_eq!(at_the_old.status, if moved { 401 } else { 200 });
}

/// X16.
pub async fn an_address_goes_to_one_of_many_changes(services: &Services) {
    const PEOPLE: usize = 4;
    let first = &services[0];
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let person = first.sign_up(&format!("ada-{number}@example.com"), "laptop").await;
        assert_eq!(first.send_email_change(&person.access, NEW, None).await.status, 200);
        let code = first.newest_code(NEW, number + 1).await;
        people.push((person, code));
    }
    let answers = at_once(services, |service, number| {
        let (SignedIn { access, .. }, code) = people[number / 2 % PEOPLE].clone();
        async move { service.verify_email_change(&access, &code).await }
    })
    .await;
    one_wins(&answers);
    let winner = answers.iter().position(|answer| answer.status == 200).unwrap() / 2 % PEOPLE;
    assert_eq!(first.login(NEW, "tablet").await.user_id(), people[winner].0.user_id());
    for (number, (person, _)) in people.iter().enumerate().filter(|(number, _)| *number != winner) {
        assert_eq!(first.login(&format!("ada-{number}@example.com"), "tablet").await.user_id(), person.user_id());
    }
}

/// X16. A reset is good for the address that it was mailed to: it comes before the
/// change of that, which then ends with its session, or not at all.
pub async fn a_reset_or_a_change_of_address_wins(services: &Services) {
    let first = &services[0];
    let ada = first.ada().await;
    let token = first.reset_token(ADA, "tablet").await;
    assert_eq!(first.send_email_change(&ada.access, NEW, None).await.status, 200);
    let moves = first.newest_code(NEW, 1).await;
    let answers = at_once(services, |service, number| {
        let (access, token, moves) = (ada.access.clone(), token.clone(), moves.clone());
        async move {
            match number {
                0 => super::unless_overloaded(|| service.complete_reset(&token, NEW_PASSWORD, "tablet")).await,
                _ => service.verify_email_change(&access, &moves).await,
            }
        }
    })
    .await;
    let tally = tally(&answers);
    assert_eq!(tally["ok"], 1, "{tally:?}");
    let (email, password) = if answers[0].status == 200 { (ADA, NEW_PASSWORD) } else { (NEW, PASSWORD) };
    assert_eq!(first.login_with(email, password, "phone").await.user_id(), ada.user_id());
    assert_eq!(tally.values().sum::<usize>(), CALLERS);
}

/// The others are told that the code is gone, or to wait.
#[track_caller]
fn one_wins(answers: &[crate::support::Answer]) {
    let tally = tally(answers);
    assert_eq!(tally["ok"], 1, "{tally:?}");
    for told in tally.keys() {
        assert!(["ok", "rate_limit_exceeded", "session_not_found"].contains(told), "{told}");
    }
}
