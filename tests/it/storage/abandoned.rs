//! Callers that go away before they are answered: their write has happened or
//! has not, and the store goes on.

use sekisho::{
    domain::{Account, EventKind},
    storage::{Stores, accounts::Creation},
};
use tokio::task::yield_now;

use super::{
    data::{account, audit_kinds, email, event},
    race::{CALLERS, race},
};

async fn create(stores: &Stores, account: &Account) -> Creation {
    stores.accounts.create(account, &event(EventKind::SignupCompleted)).await.unwrap()
}

/// Waits for so many turns of the scheduler only.
async fn create_impatiently(stores: &Stores, account: &Account, turns: usize) {
    let patience = async {
        for _ in 0..turns {
            yield_now().await;
        }
    };
    tokio::select! {
        biased;
        _ = create(stores, account) => {}
        () = patience => {}
    }
}

/// That people up to `last` are there whole or not at all, and that one more can come.
async fn assert_sound(stores: &Stores, last: u128) {
    let newcomer = account(last + 1);
    assert_eq!(create(stores, &newcomer).await, Creation::Created);
    let mut accounts = 0;
    for n in 0..=last + 1 {
        accounts += usize::from(stores.accounts.by_email(&email(n)).await.unwrap().is_some());
    }
    assert_eq!(audit_kinds(stores).await.len(), accounts);
    assert_eq!(stores.accounts.by_id(newcomer.id).await.unwrap(), Some(newcomer));
}

pub async fn a_write_that_is_abandoned_is_whole_or_not_at_all(stores: Stores) {
    for n in 0..100 {
        create_impatiently(&stores, &account(n), n as usize * 10).await;
    }
    assert_sound(&stores, 100).await;
}

pub async fn many_that_abandon_their_writes_do_not_stop_the_store(stores: Stores) {
    race(|n| {
        let (stores, mine) = (stores.clone(), account(n as u128));
        async move { create_impatiently(&stores, &mine, n * 50).await }
    })
    .await;
    assert_sound(&stores, CALLERS as u128).await;
}
