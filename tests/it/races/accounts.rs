//! The end of an account comes before whatever else is under way.

use sekisho::domain::UserId;
use serde_json::json;
use tokio::join;

use super::{
    CALLERS, Services, TIMES, at_once, nobody_stays, refresh_until_refused, sign_in_until_refused, tally, told_only,
    wait_for_others,
};
use crate::support::{
    Answer, TestApp,
    account::NEW_PASSWORD,
    acts::ADA,
    app::{PASSWORD, SignedIn},
};

/// The one who does what the others race.
const ONE: usize = CALLERS / 2;

/// X14. Nothing of the account is left, but for its deletion.
pub async fn a_login_that_races_a_deletion_loses(services: &Services) {
    let first = &services[0];
    for round in 0..3 {
        let email = format!("ada-{round}@example.com");
        let ada = first.sign_up(&email, "laptop").await;
        let answers = at_once(services, |service, number| {
            let (email, access) = (email.clone(), ada.access.clone());
            async move {
                if number == ONE {
                    wait_for_others(&service, &access, round).await;
                    return service.delete_account(&access, None).await;
                }
                sign_in_until_refused(&service, &email, &client(number)).await
            }
        })
        .await;
        told_only(&answers, &["ok", "invalid_credentials"]);
        assert_eq!(answers[ONE].status, 200, "{:?}", answers[ONE]);
        nobody_stays(services, &answers, client).await;
        first.ended(&ada, "laptop").await;
        assert_eq!(live_sessions(first, &ada).await, 0);
        assert_eq!(first.table_text("known_clients").await, "");
        let next = first.sign_up(&email, "laptop").await;
        assert_ne!(next.user_id(), ada.user_id());
        assert_eq!(first.delete_account(&next.access, None).await.status, 200);
    }
}

/// X14. As a logout does.
pub async fn a_refresh_that_races_a_deletion_loses(services: &Services) {
    for round in 0..3 {
        let ada = services[0].sign_up(&format!("ada-{round}@example.com"), "laptop").await;
        let answers = at_once(services, |service, number| {
            let SignedIn { access, refresh, .. } = ada.clone();
            async move {
                if number == ONE {
                    return service.delete_account(&access, None).await;
                }
                service.refresh(&refresh, "laptop").await
            }
        })
        .await;
        told_only(&answers, &["ok", "refresh_token_invalid"]);
        assert_eq!(answers[ONE].status, 200, "{:?}", answers[ONE]);
        nobody_stays(services, &answers, |_| "laptop".to_owned()).await;
        services[0].ended(&ada, "laptop").await;
        assert_eq!(services[0].journal().await.len(), round + 1);
    }
}

/// X14. What was mailed for the account is of no use to whoever has the address next.
pub async fn a_code_that_races_a_deletion_loses(services: &Services) {
    let first = &services[0];
    for round in 0..3 {
        let (email, new) = (format!("ada-{round}@example.com"), format!("lovelace-{round}@example.com"));
        let ada = first.sign_up(&email, "laptop").await;
        let resets = first.reset_code(&email, "laptop").await;
        assert_eq!(first.send_email_change(&ada.access, &new, None).await.status, 200);
        let moves = first.newest_code(&new, 1).await;
        let answers = at_once(services, |service, number| {
            let (email, access, resets, moves) = (email.clone(), ada.access.clone(), resets.clone(), moves.clone());
            async move {
                match number {
                    ONE => delete_in_the_end(&service, &access).await,
                    _ if number / 2 % 2 == 0 => service.verify_reset(&email, &resets, "laptop").await,
                    _ => service.verify_email_change(&access, &moves).await,
                }
            }
        })
        .await;
        told_only(&answers, &["ok", "rate_limit_exceeded", "session_not_found", "session_revoked"]);
        assert_eq!(answers[ONE].status, 200, "{:?}", answers[ONE]);
        first.ended(&ada, "laptop").await;
        assert_eq!(live_sessions(first, &ada).await, 0);
        for email in [&email, &new] {
            first.try_login(email, PASSWORD, "laptop").await.refused(401, "invalid_credentials");
        }
        let next = first.sign_up(&email, "laptop").await;
        first.verify_reset(&email, &resets, "laptop").await.refused(400, "session_not_found");
        first.verify_email_change(&next.access, &moves).await.refused(400, "session_not_found");
        for token in answers.iter().filter_map(|answer| answer.body["reset_token"].as_str()) {
            first.complete_reset(token, NEW_PASSWORD, "laptop").await.refused(400, "session_not_found");
        }
        assert_eq!(first.login(&email, "laptop").await.user_id(), next.user_id());
    }
}

/// X14. A code that was mailed before there was an account makes another one after it.
pub async fn a_sign_up_that_races_a_deletion_is_another_account(services: &Services) {
    let first = &services[0];
    let mut codes = Vec::new();
    for number in 0..CALLERS {
        codes.push(first.code(ADA, &client(number)).await);
    }
    let ada = SignedIn::of(first.verify_code(ADA, &codes[ONE], &client(ONE)).await);
    let answers = at_once(services, |service, number| {
        let (access, code) = (ada.access.clone(), codes[number].clone());
        async move {
            match number {
                ONE => service.delete_account(&access, None).await,
                _ => service.verify_code(ADA, &code, &client(number)).await,
            }
        }
    })
    .await;
    told_only(&answers, &["ok", "rate_limit_exceeded", "session_not_found"]);
    assert_eq!(answers[ONE].status, 200, "{:?}", answers[ONE]);
    first.ended(&ada, &client(ONE)).await;
    let made: Vec<_> = answers.into_iter().enumerate().filter(|(_, answer)| answer.status == 201).collect();
    assert!(made.len() <= 1, "{made:?}");
    for (number, answer) in made {
        let next = SignedIn::of(answer);
        assert_ne!(next.user_id(), ada.user_id());
        for service in services {
            assert_eq!(service.profile(&next.access).await.status, 200);
        }
        first.refreshed(&next.refresh, &client(number)).await;
        assert_eq!(live_sessions(first, &next).await, 1);
    }
}

/// X14. Who is told that the account is locked has no session, and who comes after
/// is told so.
pub async fn a_login_that_races_a_lock_leaves_no_session_when_refused(services: &Services) {
    let first = &services[0];
    let ada = first.ada().await;
    let logins =
        at_once(services, |service, number| async move { service.try_login(ADA, PASSWORD, &client(number)).await });
    let (answers, ()) = join!(logins, first.sql("UPDATE accounts SET disabled = TRUE"));
    let tally = tally(&answers);
    for told in tally.keys() {
        assert!(["ok", "account_disabled", "overloaded"].contains(told), "{told}");
    }
    let ok = tally.get("ok").copied().unwrap_or(0);
    let live = live_sessions(first, &ada).await;
    assert!(live <= ok + 1, "{live} sessions for {ok} logins");
    first.try_login(ADA, PASSWORD, "phone").await.refused(403, "account_disabled");
    assert_eq!(live_sessions(first, &ada).await, live);
}

/// X14. Also whoever has signed in before, and nobody comes back with the account.
pub async fn whoever_races_a_disabling_loses(services: &Services) {
    let first = &services[0];
    let token = first.administrator().await;
    for round in 0..3 {
        let email = format!("ada-{round}@example.com");
        let ada = first.sign_up(&email, "laptop").await;
        let (signs_in, id) = (|number: usize| (number / 2).is_multiple_of(2), ada.user_id());
        let answers = at_once(services, |service, number| {
            let (email, token, id) = (email.clone(), token.clone(), id.clone());
            let SignedIn { access, refresh, .. } = ada.clone();
            async move {
                match number {
                    ONE => {
                        wait_for_others(&service, &access, round).await;
                        service.administer(&token, &id, "disable", json!({})).await
                    }
                    _ if signs_in(number) => sign_in_until_refused(&service, &email, &client(number)).await,
                    _ => refresh_until_refused(&service, &refresh, "laptop").await,
                }
            }
        })
        .await;
        told_only(&answers, &["ok", "account_disabled", "refresh_token_invalid"]);
        assert_eq!(answers[ONE].status, 200, "{:?}", answers[ONE]);
        let of = |number| if signs_in(number) { client(number) } else { "laptop".to_owned() };
        nobody_stays(services, &answers, of).await;
        first.ended(&ada, "laptop").await;
        assert_eq!(live_sessions(first, &ada).await, 0);
        first.try_login(&email, PASSWORD, "laptop").await.refused(403, "account_disabled");
        assert_eq!(first.administer(&token, &id, "enable", json!({})).await.status, 200);
        nobody_stays(services, &answers, of).await;
        first.ended(&ada, "laptop").await;
        first.login(&email, "laptop").await;
    }
}

/// Again where the account has moved meanwhile, which takes another proof.
async fn delete_in_the_end(service: &TestApp, access: &str) -> Answer {
    for _ in 0..TIMES {
        let answer = service.delete_account(access, None).await;
        if answer.body["error"] != "step_up_required" {
            return answer;
        }
    }
    panic!("it moves for ever");
}

fn client(number: usize) -> String {
    format!("client-{number}")
}

async fn live_sessions(service: &TestApp, person: &SignedIn) -> usize {
    let (ctx, id) = (&service.app.ctx, UserId(person.user_id().parse().unwrap()));
    ctx.stores.sessions.list(id, ctx.now()).await.unwrap().len()
}
