//! The contract of [`sekisho::storage::Sessions::rotate`] when others act on the
//! session at the same time.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use sekisho::{
    domain::{Session, rotation::Verdict, session::Chain},
    storage::{Stores, sessions::Rotation},
};

use super::{
    attempt::Attempt,
    data::{NOW, after, session},
    race::{CALLERS, count, race},
    sessions::{get, open},
};

async fn present_from_everywhere(stores: &Stores, generation: impl Fn(usize) -> u64) -> Vec<Rotation> {
    let mine = session(1, 1);
    race(|n| {
        let (stores, attempt) = (stores.clone(), Attempt::of(&mine, generation(n)).at(after(1)));
        async move { attempt.make(&stores).await }
    })
    .await
}

/// X01.
pub async fn of_many_that_present_the_current_token_one_exchanges_it(stores: Stores) {
    let mine = session(1, 1);
    open(&stores, std::slice::from_ref(&mine)).await;
    let answers = present_from_everywhere(&stores, |_| 1).await;
    let chain = Chain { generation: 2, parent: 1, rotated_at: after(1) };
    let stored = get(&stores, &mine, after(1)).await.unwrap();
    assert_eq!(stored.chain, chain);
    assert_eq!(count(&answers, &Rotation::Judged(Verdict::Rotated(chain), stored.clone())), 1);
    assert_eq!(count(&answers, &Rotation::Judged(Verdict::Replayed(chain), stored)), CALLERS - 1);
}

/// R46, X03.
pub async fn a_spent_token_among_many_condemns_the_session(stores: Stores) {
    let mine = session(1, 1);
    open(&stores, std::slice::from_ref(&mine)).await;
    for generation in 1..=2 {
        Attempt::of(&mine, generation).make(&stores).await;
    }
    let answers = present_from_everywhere(&stores, |n| if n % 2 == 0 { 1 } else { 3 }).await;
    let ended = answers.iter().filter(|answer| matches!(answer, Rotation::Judged(Verdict::Reused, _))).count();
    assert!(ended >= CALLERS / 2, "{answers:?}");
    assert_eq!(get(&stores, &mine, after(1)).await, None);
}

/// What a session's two callers share.
struct Duel {
    stores: Stores,
    session: Session,
    ended: AtomicBool,
}

impl Duel {
    /// Refreshes until the session is gone. An exchange that begins after the
    /// end must not succeed.
    async fn refresh(&self) {
        for generation in 1.. {
            let is_over = self.ended.load(Ordering::SeqCst);
            match Attempt::of(&self.session, generation).make(&self.stores).await {
                Rotation::Judged(Verdict::Rotated(_), _) if !is_over => {}
                Rotation::Unknown => break,
                other => panic!("over: {is_over}, {other:?}"),
            }
        }
    }

    async fn end(&self, wholesale: bool) {
        let Session { user_id, id, created_at, .. } = self.session;
        if wholesale {
            assert_eq!(self.stores.sessions.end_until(user_id, created_at).await.unwrap(), 1);
        } else {
            assert!(self.stores.sessions.end(user_id, id).await.unwrap());
        }
        self.ended.store(true, Ordering::SeqCst);
    }
}

async fn duels(stores: Stores, wholesale: bool) {
    let duels: Vec<_> = (0..CALLERS as u128 / 2)
        .map(|n| Arc::new(Duel { stores: stores.clone(), session: session(n, n), ended: AtomicBool::new(false) }))
        .collect();
    for duel in &duels {
        open(&stores, std::slice::from_ref(&duel.session)).await;
    }
    race(|n| {
        let duel = duels[n / 2].clone();
        async move { if n % 2 == 0 { duel.refresh().await } else { duel.end(wholesale).await } }
    })
    .await;
    for duel in &duels {
        assert_eq!(get(&stores, &duel.session, NOW).await, None);
        assert_eq!(stores.sessions.list(duel.session.user_id, NOW).await.unwrap(), []);
    }
}

/// X05.
pub async fn after_an_end_no_exchange_succeeds(stores: Stores) {
    duels(stores, false).await;
}

/// X05.
pub async fn after_an_end_of_all_no_exchange_succeeds(stores: Stores) {
    duels(stores, true).await;
}
