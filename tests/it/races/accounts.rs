//! The end of an account comes before whatever else is under way.

use sekisho::domain::UserId;
use tokio::join;

use super::{CALLERS, Services, at_once, nobody_stays, tally};
use crate::support::{
    TestApp,
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
                    return service.delete_account(&access, None).await;
                }
                service.try_login(&email, PASSWORD, &client(number)).await
            }
        })
        .await;
        for told in tally(&answers).keys() {
            assert!(["ok", "invalid_credentials", "overloaded"].contains(told), "{told}");
        }
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
        for told in tally(&answers).keys() {
            assert!(["ok", "refresh_token_invalid"].contains(told), "{told}");
        }
        assert_eq!(answers[ONE].status, 200, "{:?}", answers[ONE]);
        nobody_stays(services, &answers, |_| "laptop".to_owned()).await;
        services[0].ended(&ada, "laptop").await;
        assert_eq!(services[0].journal().await.len(), round + 1);
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

fn client(number: usize) -> String {
    format!("client-{number}")
}

async fn live_sessions(service: &TestApp, person: &SignedIn) -> usize {
    let (ctx, id) = (&service.app.ctx, UserId(person.user_id().parse().unwrap()));
    ctx.stores.sessions.list(id, ctx.now()).await.unwrap().len()
}
