//! The contract of [`sekisho::storage::Sessions::open`] under a limit.

use std::collections::HashSet;

use sekisho::{
    domain::{Session, SessionId, Timestamp, session::Chain},
    storage::{
        Stores,
        sessions::{
            EVICTION_WRITTEN, Opening, Rotation,
            SessionLimit::{self, EvictOldest, Refuse, Unlimited},
        },
    },
};

use super::{
    attempt::Attempt,
    data::{IDLE, NOW, after, session, session_begun, user_id},
    race::{CALLERS, race},
    sessions::{get, open},
};

async fn open_under(stores: &Stores, session: &Session, limit: SessionLimit) -> Opening {
    stores.sessions.open(session, limit, session.created_at).await.unwrap()
}

async fn listed(stores: &Stores, now: Timestamp) -> HashSet<SessionId> {
    let live = stores.sessions.list(user_id(1), now).await.unwrap();
    let ids: HashSet<_> = live.iter().map(|session| session.id).collect();
    assert_eq!(ids.len(), live.len(), "one is listed twice");
    ids
}

fn ids<'a>(sessions: impl IntoIterator<Item = &'a Session>) -> HashSet<SessionId> {
    sessions.into_iter().map(|session| session.id).collect()
}

async fn open_from_everywhere(stores: &Stores, limit: SessionLimit) -> Vec<Opening> {
    race(|n| {
        let stores = stores.clone();
        async move { open_under(&stores, &session(1, n as u128), limit).await }
    })
    .await
}

pub async fn without_a_limit_any_number_opens(stores: Stores) {
    let answers = open_from_everywhere(&stores, Unlimited).await;
    assert!(answers.iter().all(|answer| *answer == Opening::Opened(Vec::new())), "{answers:?}");
    assert_eq!(listed(&stores, NOW).await.len(), CALLERS);
}

pub async fn the_session_that_began_first_makes_room(stores: Stores) {
    let first = Session { chain: Chain::start(after(100)), ..session_begun(1, 2, 0) };
    let second = session_begun(1, 1, 10);
    open(&stores, &[second.clone(), first.clone()]).await;
    let third = session_begun(1, 3, 20);
    assert_eq!(open_under(&stores, &third, EvictOldest(2)).await, Opening::Opened(vec![first.clone()]));
    assert_eq!(listed(&stores, after(20)).await, ids([&second, &third]));
    assert_eq!(get(&stores, &first, after(20)).await, None);
}

/// For a login may be cut off before the journal has the end.
pub async fn an_evicted_session_is_told_of_until_it_is_ended(stores: Stores) {
    let (old, new) = (session_begun(1, 1, 0), session_begun(1, 2, 1));
    open(&stores, std::slice::from_ref(&old)).await;
    open_under(&stores, &new, EvictOldest(1)).await;
    for attempt in [Attempt::of(&old, 1), Attempt::of(&old, 7), Attempt::of(&old, 1).by("phone")] {
        let Rotation::Evicted(evicted) = attempt.at(after(2)).make(&stores).await else { panic!("another answer") };
        assert_eq!((evicted.id, &evicted.client_id, evicted.ends_at), (old.id, &old.client_id, old.ends_at));
    }
    assert_eq!(Attempt::of(&old, 1).forged().at(after(2)).make(&stores).await, Rotation::Unknown);

    let written = 1 + EVICTION_WRITTEN.as_secs();
    assert_eq!(open_at(&stores, 3, written - 1).await, []);
    assert_eq!(open_at(&stores, 4, written).await, [old.id]);
    assert!(stores.sessions.end(old.user_id, old.id).await.unwrap());
    assert_eq!(open_at(&stores, 5, written).await, []);
    assert_eq!(Attempt::of(&old, 1).at(after(written)).make(&stores).await, Rotation::Unknown);
}

/// Opens one where there is room; which are told of.
async fn open_at(stores: &Stores, n: u128, seconds: u64) -> Vec<SessionId> {
    let opening = open_under(stores, &session_begun(1, n, seconds), EvictOldest(9)).await;
    let Opening::Opened(evicted) = opening else { panic!("refused") };
    evicted.iter().map(|session| session.id).collect()
}

pub async fn up_to_the_limit_none_has_to_end(stores: Stores) {
    for n in 1..=3 {
        assert_eq!(open_under(&stores, &session(1, n), EvictOldest(3)).await, Opening::Opened(Vec::new()));
    }
    assert_eq!(listed(&stores, NOW).await.len(), 3);
}

pub async fn as_many_end_as_a_lower_limit_asks(stores: Stores) {
    let all: Vec<_> = (1..=4).map(|n| session_begun(1, n, n as u64)).collect();
    open(&stores, &all[..3]).await;
    let Opening::Opened(evicted) = open_under(&stores, &all[3], EvictOldest(2)).await else { panic!("refused") };
    assert_eq!((evicted.len(), ids(&evicted)), (2, ids(&all[..2])));
    assert_eq!(listed(&stores, after(4)).await, ids(&all[2..]));
}

pub async fn a_limit_of_one_leaves_the_new_one(stores: Stores) {
    let (old, new) = (session_begun(1, 1, 0), session_begun(1, 2, 1));
    open(&stores, std::slice::from_ref(&old)).await;
    assert_eq!(open_under(&stores, &new, EvictOldest(1)).await, Opening::Opened(vec![old]));
    assert_eq!(listed(&stores, after(1)).await, ids([&new]));
}

pub async fn one_too_many_is_refused_and_changes_nothing(stores: Stores) {
    for n in 1..=2 {
        assert_eq!(open_under(&stores, &session(1, n), Refuse(2)).await, Opening::Opened(Vec::new()));
    }
    let third = session(1, 3);
    assert_eq!(open_under(&stores, &third, Refuse(2)).await, Opening::Full);
    assert_eq!(listed(&stores, NOW).await, ids([&session(1, 1), &session(1, 2)]));
    assert_eq!(Attempt::of(&third, 1).make(&stores).await, Rotation::Unknown);
}

pub async fn where_one_has_ended_there_is_room(stores: Stores) {
    let (old, new) = (session(1, 1), session(1, 2));
    open(&stores, std::slice::from_ref(&old)).await;
    assert!(stores.sessions.end(old.user_id, old.id).await.unwrap());
    assert_eq!(open_under(&stores, &new, Refuse(1)).await, Opening::Opened(Vec::new()));
}

pub async fn expired_sessions_do_not_count(stores: Stores) {
    let old = [session(1, 1), session(2, 2)];
    open(&stores, &old).await;
    for (old, limit) in old.iter().zip([Refuse(1), EvictOldest(1)]) {
        let new = session_begun(1, 10, IDLE.as_secs());
        let new = Session { user_id: old.user_id, ..new };
        assert_eq!(open_under(&stores, &new, limit).await, Opening::Opened(Vec::new()), "{limit:?}");
        stores.sessions.end(new.user_id, new.id).await.unwrap();
    }
}

pub async fn other_peoples_sessions_do_not_count(stores: Stores) {
    open(&stores, &[session(2, 1), session(2, 2)]).await;
    for (n, limit) in [(3, Refuse(1)), (4, EvictOldest(2))] {
        assert_eq!(open_under(&stores, &session(1, n), limit).await, Opening::Opened(Vec::new()), "{limit:?}");
    }
    assert!(get(&stores, &session(2, 1), NOW).await.is_some());
}

/// R45, X11.
pub async fn many_at_once_leave_as_many_as_the_limit(stores: Stores) {
    let answers = open_from_everywhere(&stores, EvictOldest(5)).await;
    let mut evicted = Vec::new();
    for answer in answers {
        let Opening::Opened(ended) = answer else { panic!("refused") };
        evicted.extend(ended);
    }
    let left = listed(&stores, NOW).await;
    assert_eq!((left.len(), evicted.len()), (5, CALLERS - 5));
    assert_eq!(ids(&evicted).union(&left).count(), CALLERS, "each ends once, or is left");
}

pub async fn many_at_once_are_refused_beyond_the_limit(stores: Stores) {
    let answers = open_from_everywhere(&stores, Refuse(5)).await;
    let full = answers.iter().filter(|answer| **answer == Opening::Full).count();
    assert_eq!((full, listed(&stores, NOW).await.len()), (CALLERS - 5, 5));
}
