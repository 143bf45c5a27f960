//! The contract of [`sekisho::storage::Sessions::count`].

use sekisho::{
    domain::{Session, Timestamp},
    storage::{Stores, sessions::SessionLimit},
};

use super::{
    attempt::Attempt,
    data::{IDLE, MICRO, NOW, after, session, session_begun},
    sessions::open,
};

async fn count(stores: &Stores, now: Timestamp) -> u64 {
    stores.sessions.count(now).await.unwrap()
}

pub async fn without_sessions_there_are_none(stores: Stores) {
    assert_eq!(count(&stores, NOW).await, 0);
}

/// More people than a store looks at in one step.
pub async fn live_sessions_of_everybody_are_counted(stores: Stores) {
    let of = |person: u128| (0..1 + person % 3).map(move |number| session(person, 1_000 * person + number));
    let all: Vec<Session> = (1..=150).flat_map(of).collect();
    open(&stores, &all).await;
    assert_eq!(count(&stores, NOW).await, all.len() as u64);
}

pub async fn what_has_ended_or_expired_is_not_counted(stores: Stores) {
    let (first, second) = (session(1, 1), session(2, 2));
    let late = session_begun(3, 3, 10);
    open(&stores, &[first.clone(), second.clone(), late.clone()]).await;
    assert!(stores.sessions.end(first.user_id, first.id).await.unwrap());
    assert_eq!(count(&stores, NOW).await, 2);
    assert_eq!(count(&stores, NOW + (IDLE - MICRO)).await, 2);
    assert_eq!(count(&stores, NOW + IDLE).await, 1);
    stores.sessions.end_until(late.user_id, after(10)).await.unwrap();
    assert_eq!(count(&stores, NOW).await, 1);
}

pub async fn what_is_condemned_or_evicted_is_not_counted(stores: Stores) {
    let (spent, evicted) = (session(1, 1), session(2, 2));
    open(&stores, &[spent.clone(), evicted.clone()]).await;
    for generation in [1, 2, 1] {
        Attempt::of(&spent, generation).at(after(100)).make(&stores).await;
    }
    assert_eq!(count(&stores, after(100)).await, 1, "a spent token came back");
    let new = session_begun(2, 3, 100);
    stores.sessions.open(&new, SessionLimit::EvictOldest(1), after(100)).await.unwrap();
    assert_eq!(count(&stores, after(100)).await, 1, "one made room for the other");
}
