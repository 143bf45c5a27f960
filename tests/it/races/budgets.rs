//! Budgets are drawn on by whoever fails.

use super::{CALLERS, Services, at_once, tally, told_only};
use crate::support::{
    TestApp,
    acts::{ADA, WRONG},
    app::PASSWORD,
};

/// Of guesses at one account.
const ACCOUNT: usize = 40;
/// Of guesses from one network.
const NETWORK: usize = 60;
/// So narrow that they can be counted.
pub const NARROW: [(&str, &str); 3] =
    [("SEKISHO_LIMIT_LOGIN", "40/300"), ("SEKISHO_LIMIT_GUESS_NETWORK", "60/300"), ("SEKISHO_MAX_SESSIONS", "0")];
/// The thief has an account, too.
const THIEF: &str = "eve@example.com";

/// X10. Neither the owner's success nor the thief's own wipes out a failure, be it of the
/// account or of the network; and what was refused is no failure.
pub async fn a_right_login_gives_back_its_own_and_no_more(services: &Services) {
    let first = &services[0];
    first.ada().await;
    first.sign_up(THIEF, "laptop").await;
    let answers = at_once(services, |service, number| async move {
        match number / 2 % 4 {
            0 => service.try_login(ADA, WRONG, "thief").await,
            1 => service.try_login(THIEF, PASSWORD, "thief").await,
            // Unknown clients, which share one budget.
            _ => service.try_login(ADA, PASSWORD, &format!("client-{number}")).await,
        }
    })
    .await;
    told_only(&answers, &["ok", "invalid_credentials", "overloaded", "rate_limit_exceeded"]);
    let tally = tally(&answers);
    let failed = tally.get("invalid_credentials").copied().unwrap_or(0);
    assert!(failed <= CALLERS / 4, "{tally:?}");
    assert_eq!(failed + guesses_at(first, |_| ADA.to_owned()).await, ACCOUNT, "{tally:?}");
    assert_eq!(guesses_at(first, |number| format!("person-{number}@example.com")).await, NETWORK - ACCOUNT);
}

/// How many are left.
async fn guesses_at(service: &TestApp, email: impl Fn(usize) -> String) -> usize {
    for number in 0.. {
        let answer = service.try_login(&email(number), WRONG, "stranger").await;
        if answer.status == 429 {
            return number;
        }
        answer.refused(401, "invalid_credentials");
    }
    unreachable!()
}
