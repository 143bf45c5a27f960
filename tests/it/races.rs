//! Callers who come at the same moment, to one service or to two that share
//! their stores; and callers who hang up.

mod accounts;
mod addresses;
mod budgets;
mod codes;
mod hang_up;
mod passwords;
mod sessions;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::sync::Barrier;

use crate::support::{Answer, TestApp, app::PASSWORD};

const CALLERS: usize = 64;
/// All of a race takes less than any limit of time.
const TICK: Duration = Duration::from_millis(1);
/// No race goes on for so long.
const TIMES: usize = 10_000;
/// Room for as many callers.
const SETTINGS: [(&str, &str); 2] = [("SEKISHO_LIMIT_CODE", "1000/300"), ("SEKISHO_LIMIT_LOGIN", "1000/300")];

/// The same, and nobody makes room for anybody.
const UNBOUNDED: [(&str, &str); 3] = [SETTINGS[0], SETTINGS[1], ("SEKISHO_MAX_SESSIONS", "0")];

/// The callers take turns at them.
type Services = [Arc<TestApp>];

macro_rules! settings {
    () => {
        SETTINGS
    };
    ($settings:path) => {
        $settings
    };
}

/// A test of each race, within one service and between two; with [`SETTINGS`] unless
/// others are named.
macro_rules! races {
    ($($of:ident::$race:ident $(($settings:path))?)+) => {
        mod alone {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread")]
            async fn $race() {
                let service = TestApp::with(&settings!($($settings)?)).await;
                $of::$race(&[Arc::new(service)]).await;
            })+
        }

        $(async fn $race(stack: crate::support::stack::Stack) {
            $of::$race(&crate::support::pair::pair(stack, &settings!($($settings)?)).await).await;
        })+

        crate::support::pair::on_shared_stacks! { $($race)+ }
    };
}

races! {
    codes::a_code_is_spent_once
    codes::guesses_are_counted_before_they_are_compared
    codes::many_sign_ups_at_one_address_are_one_account
    codes::of_an_old_code_and_its_replacement_one_is_good
    codes::a_code_is_taken_before_its_end_or_not_at_all
    budgets::a_right_login_gives_back_its_own_and_no_more (budgets::NARROW)
    sessions::one_token_refreshed_by_many_has_one_successor
    sessions::a_refresh_that_races_a_logout_loses
    sessions::a_refresh_that_races_an_end_of_all_loses
    sessions::an_owner_and_a_thief_lose_their_session
    sessions::logins_that_race_keep_to_the_session_limit
    sessions::a_refresh_that_races_an_eviction_loses
    passwords::a_login_with_the_old_password_that_races_a_reset_loses (UNBOUNDED)
    passwords::a_reset_token_is_spent_once
    passwords::of_many_password_changes_one_wins
    accounts::a_login_that_races_a_deletion_loses (UNBOUNDED)
    accounts::a_refresh_that_races_a_deletion_loses
    accounts::a_code_that_races_a_deletion_loses
    accounts::a_sign_up_that_races_a_deletion_is_another_account
    accounts::a_login_that_races_a_lock_leaves_no_session_when_refused
    accounts::whoever_races_a_disabling_loses (UNBOUNDED)
    addresses::an_address_goes_to_a_sign_up_or_to_a_change
    addresses::an_address_goes_to_one_of_many_changes
    addresses::a_reset_or_a_change_of_address_wins
}

/// The answers of callers who start together. The clock does not stand meanwhile: what
/// begins after an end was decided on, and before that is written down, began later.
async fn at_once<F>(services: &Services, act: impl Fn(Arc<TestApp>, usize) -> F) -> Vec<Answer>
where
    F: Future<Output = Answer> + Send + 'static,
{
    let barrier = Arc::new(Barrier::new(CALLERS));
    let callers: Vec<_> = (0..CALLERS)
        .map(|number| {
            let service = services[number % services.len()].clone();
            let (clock, barrier) = (service.clock.clone(), barrier.clone());
            let act = act(service, number);
            tokio::spawn(async move {
                barrier.wait().await;
                clock.advance(TICK);
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

/// That nobody is told anything else.
#[track_caller]
fn told_only(answers: &[Answer], allowed: &[&str]) {
    for told in tally(answers).keys() {
        assert!(allowed.contains(told), "{told}");
    }
}

/// Presents a token again and again, which within the grace changes nothing, until it is
/// refused.
async fn refresh_until_refused(service: &TestApp, token: &str, client_id: &str) -> Answer {
    for _ in 0..TIMES {
        service.clock.advance(TICK);
        let answer = service.refresh(token, client_id).await;
        if answer.status != 200 {
            return answer;
        }
    }
    panic!("it is good for ever");
}

/// Signs in again and again until it is refused; the last answer before that, if there is
/// one.
async fn sign_in_until_refused(service: &TestApp, email: &str, client_id: &str) -> Answer {
    let mut last = None;
    for _ in 0..TIMES {
        service.clock.advance(TICK);
        let answer = unless_overloaded(|| service.try_login(email, PASSWORD, client_id)).await;
        if answer.status != 200 {
            return last.unwrap_or(answer);
        }
        last = Some(answer);
    }
    panic!("it is right for ever");
}

/// Lets others go ahead: not at all in the first round, and further in each.
async fn wait_for_others(service: &TestApp, access: &str, round: usize) {
    for _ in 0..4 * round {
        service.profile(access).await;
    }
}

/// Again and again, while the queue of the hasher is full.
async fn unless_overloaded<F: Future<Output = Answer>>(act: impl Fn() -> F) -> Answer {
    loop {
        let answer = act().await;
        if answer.body["error"] != "overloaded" {
            return answer;
        }
    }
}

/// That whoever was let in among them is so no longer.
async fn nobody_stays(services: &Services, answers: &[Answer], client_id: impl Fn(usize) -> String) {
    for (number, answer) in answers.iter().enumerate() {
        if let Some(refresh) = answer.body["refresh_token"].as_str() {
            services[0].refresh(refresh, &client_id(number)).await.refused(401, "refresh_token_invalid");
            let access = answer.body["access_token"].as_str().unwrap();
            for service in services {
                service.profile(access).await.refused(401, "session_revoked");
            }
        }
    }
}
