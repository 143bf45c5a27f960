//! A password has one successor, and nobody gets past it with the one before.

use super::{
    CALLERS, Services, at_once, nobody_stays, sign_in_until_refused, tally, told_only, unless_overloaded,
    wait_for_others,
};
use crate::support::{
    account::NEW_PASSWORD,
    acts::ADA,
    app::{PASSWORD, SignedIn},
};

/// The one who does what the others race.
const ONE: usize = CALLERS / 2;

/// X12. Whether its session was opened before the reset or after the old password
/// was found right: it does not live.
pub async fn a_login_with_the_old_password_that_races_a_reset_loses(services: &Services) {
    let first = &services[0];
    for round in 0..3 {
        let email = format!("ada-{round}@example.com");
        let ada = first.sign_up(&email, "laptop").await;
        let token = first.reset_token(&email, "tablet").await;
        let answers = at_once(services, |service, number| {
            let (email, token, access) = (email.clone(), token.clone(), ada.access.clone());
            async move {
                if number == ONE {
                    wait_for_others(&service, &access, round).await;
                    let reset = || service.complete_reset(&token, NEW_PASSWORD, "tablet");
                    return unless_overloaded(reset).await;
                }
                sign_in_until_refused(&service, &email, &format!("client-{number}")).await
            }
        })
        .await;
        assert_eq!(answers[ONE].status, 200, "{:?}", answers[ONE]);
        told_only(&answers, &["ok", "invalid_credentials"]);
        nobody_stays(services, &answers, |number| format!("client-{number}")).await;
        first.ended(&ada, "laptop").await;
        first.try_login(&email, PASSWORD, "laptop").await.refused(401, "invalid_credentials");
        let next = first.login_with(&email, NEW_PASSWORD, "laptop").await;
        assert_eq!(first.listed(&next.access).await.len(), 1);
    }
}

/// X12. The others learn that the token is gone, and change nothing.
pub async fn a_reset_token_is_spent_once(services: &Services) {
    let first = &services[0];
    first.ada().await;
    let token = first.reset_token(ADA, "tablet").await;
    let answers = at_once(services, move |service, number| {
        let token = token.clone();
        async move {
            let password = password(number);
            unless_overloaded(|| service.complete_reset(&token, &password, "tablet")).await
        }
    })
    .await;
    let tally = tally(&answers);
    assert_eq!((tally["ok"], tally["session_not_found"]), (1, CALLERS - 1), "{tally:?}");
    let winner = answers.iter().position(|answer| answer.status == 200).unwrap();
    first.login_with(ADA, &password(winner), "phone").await;
    for wrong in [PASSWORD, &password((winner + 1) % CALLERS)] {
        first.try_login(ADA, wrong, "phone").await.refused(401, "invalid_credentials");
    }
}

/// X13. The winner's session lives on, and the other device's ends.
pub async fn of_many_password_changes_one_wins(services: &Services) {
    let first = &services[0];
    let devices = [first.ada().await, first.ada_on("phone").await];
    let answers = at_once(services, |service, number| {
        let access = devices[device(number)].access.clone();
        async move {
            let password = password(number);
            unless_overloaded(|| service.change_password(&access, PASSWORD, &password)).await
        }
    })
    .await;
    let tally = tally(&answers);
    assert_eq!(tally["ok"], 1, "{tally:?}");
    for told in tally.keys() {
        assert!(["ok", "invalid_credentials", "session_revoked"].contains(told), "{told}");
    }
    let winner = answers.iter().position(|answer| answer.status == 200).unwrap();
    let names = ["laptop", "phone"];
    let (own, other) = (device(winner), 1 - device(winner));
    first.ended(&devices[other], names[other]).await;
    let SignedIn { access, refresh, .. } = &devices[own];
    for service in services {
        assert_eq!(service.profile(access).await.status, 200);
    }
    first.refreshed(refresh, names[own]).await;
    first.login_with(ADA, &password(winner), "tablet").await;
    for wrong in [PASSWORD, &password((winner + 1) % CALLERS)] {
        first.try_login(ADA, wrong, "tablet").await.refused(401, "invalid_credentials");
    }
}

fn password(number: usize) -> String {
    format!("correct horse number {number}")
}

/// Each service serves both.
const fn device(number: usize) -> usize {
    number / 2 % 2
}
