//! The contract of [`sekisho::storage::Sessions::rotate`]: the table of
//! rotation, and what comes before it.

use std::time::Duration;

use sekisho::{
    domain::{Session, Timestamp, rotation::Verdict, session::Chain},
    storage::{
        Stores,
        sessions::{Opening, Rotation, SessionLimit},
    },
};

use super::{
    attempt::{Attempt, GRACE},
    data::{IDLE, LIFE, MICRO, after, ip, session, session_id, user_id},
    sessions::{get, open},
};

/// A session that has exchanged its token so many times, a second apart.
async fn rotated(stores: &Stores, times: u64) -> Session {
    let mut mine = session(1, 1);
    open(stores, std::slice::from_ref(&mine)).await;
    for n in 1..=times {
        let Rotation::Judged(Verdict::Rotated(_), next) = Attempt::of(&mine, n).at(after(n)).make(stores).await else {
            panic!("token {n} was not exchanged")
        };
        mine = next;
    }
    mine
}

/// The session after a token was exchanged at that time.
fn used(session: &Session, chain: Chain, now: Timestamp) -> Session {
    Session { chain, expires_at: now + IDLE, ..session.clone() }
}

/// Chain and session that a new token leaves behind, in the answer and in the store.
async fn assert_advanced(stores: &Stores, before: &Session, presented: u64, now: Timestamp, wanted: (Chain, Verdict)) {
    let (chain, verdict) = wanted;
    let after = used(before, chain, now);
    let answer = Attempt::of(before, presented).at(now).make(stores).await;
    assert_eq!(answer, Rotation::Judged(verdict, after.clone()));
    assert_eq!(get(stores, before, now).await, Some(after));
}

pub async fn the_current_token_is_exchanged(stores: Stores) {
    let mine = rotated(&stores, 0).await;
    let second = Chain { generation: 2, parent: 1, rotated_at: after(1) };
    assert_advanced(&stores, &mine, 1, after(1), (second, Verdict::Rotated(second))).await;
    let third = Chain { generation: 3, parent: 2, rotated_at: after(9) };
    assert_advanced(&stores, &mine, 2, after(9), (third, Verdict::Rotated(third))).await;
}

pub async fn the_parent_within_the_grace_changes_nothing(stores: Stores) {
    let mine = rotated(&stores, 3).await;
    for now in [mine.chain.rotated_at, mine.chain.rotated_at + GRACE] {
        let answer = Attempt::of(&mine, 3).at(now).from(Some(ip("198.51.100.7"))).make(&stores).await;
        assert_eq!(answer, Rotation::Judged(Verdict::Replayed(mine.chain), mine.clone()));
        assert_eq!(get(&stores, &mine, now).await, Some(mine.clone()));
    }
}

pub async fn the_parent_after_the_grace_gets_a_new_successor(stores: Stores) {
    let mine = rotated(&stores, 3).await;
    let now = mine.chain.rotated_at + GRACE + MICRO;
    let chain = Chain { generation: 5, parent: 3, rotated_at: now };
    assert_advanced(&stores, &mine, 3, now, (chain, Verdict::LateRetry(chain))).await;
    let next = Chain { generation: 6, parent: 5, rotated_at: now };
    assert_advanced(&stores, &mine, 5, now, (next, Verdict::Rotated(next))).await;
}

pub async fn the_unseen_child_of_a_late_retry_is_spent(stores: Stores) {
    let mine = rotated(&stores, 3).await;
    let now = mine.chain.rotated_at + GRACE + MICRO;
    Attempt::of(&mine, 3).at(now).make(&stores).await;
    let answer = Attempt::of(&mine, 4).at(now).make(&stores).await;
    assert!(matches!(answer, Rotation::Judged(Verdict::Reused, _)), "{answer:?}");
}

pub async fn a_token_ahead_of_the_record_is_taken_as_current(stores: Stores) {
    let mine = rotated(&stores, 1).await;
    let chain = Chain { generation: 8, parent: 7, rotated_at: after(9) };
    assert_advanced(&stores, &mine, 7, after(9), (chain, Verdict::Recovered(chain))).await;
    let next = Chain { generation: 9, parent: 8, rotated_at: after(10) };
    assert_advanced(&stores, &mine, 8, after(10), (next, Verdict::Rotated(next))).await;
}

pub async fn a_spent_token_condemns_the_session(stores: Stores) {
    let mine = rotated(&stores, 3).await;
    let answer = Attempt::of(&mine, 2).at(after(4)).from(None).make(&stores).await;
    assert_eq!(answer, Rotation::Judged(Verdict::Reused, mine.clone()));
    assert_eq!(get(&stores, &mine, after(4)).await, None);
    assert_eq!(stores.sessions.list(mine.user_id, after(4)).await.unwrap(), []);
    // Until its end is written down, each token says so; after the expiry too.
    for (generation, now) in [(2, after(4)), (4, after(4)), (5, after(4)), (4, mine.expires_at)] {
        let answer = Attempt::of(&mine, generation).at(now).make(&stores).await;
        assert!(matches!(answer, Rotation::Judged(Verdict::Reused, _)), "{answer:?}");
    }
    assert!(stores.sessions.end(mine.user_id, mine.id).await.unwrap());
    assert_eq!(Attempt::of(&mine, 4).at(after(4)).make(&stores).await, Rotation::Unknown);
}

pub async fn a_condemned_session_takes_no_room(stores: Stores) {
    let mine = rotated(&stores, 3).await;
    Attempt::of(&mine, 1).at(after(4)).make(&stores).await;
    let next = session(1, 2);
    let opened = stores.sessions.open(&next, SessionLimit::Refuse(1), after(5)).await.unwrap();
    assert_eq!(opened, Opening::Opened(Vec::new()));
}

pub async fn a_forged_token_is_unknown_and_changes_nothing(stores: Stores) {
    let mine = rotated(&stores, 3).await;
    for generation in 1..=5 {
        let forged = Attempt::of(&mine, generation).at(after(4)).forged();
        assert_eq!(forged.clone().make(&stores).await, Rotation::Unknown);
        assert_eq!(forged.clone().by("phone").make(&stores).await, Rotation::Unknown);
        assert_eq!(forged.at(mine.expires_at).make(&stores).await, Rotation::Unknown);
        assert_eq!(get(&stores, &mine, after(4)).await, Some(mine.clone()));
    }
}

pub async fn a_session_of_nobody_is_unknown(stores: Stores) {
    let mine = rotated(&stores, 0).await;
    let strangers = Session { user_id: user_id(2), ..mine.clone() };
    let unopened = Session { id: session_id(2), ..mine.clone() };
    for session in [strangers, unopened] {
        assert_eq!(Attempt::of(&session, 1).make(&stores).await, Rotation::Unknown);
    }
    assert_eq!(get(&stores, &mine, after(0)).await, Some(mine));
}

pub async fn another_client_condemns_the_session(stores: Stores) {
    let mine = rotated(&stores, 1).await;
    let answer = Attempt::of(&mine, 2).at(after(2)).by("phone").from(None).make(&stores).await;
    assert_eq!(answer, Rotation::OtherClient(mine.clone()));
    assert_eq!(get(&stores, &mine, after(2)).await, None);
    let owner = Attempt::of(&mine, 2).at(after(2)).make(&stores).await;
    assert!(matches!(owner, Rotation::Judged(Verdict::Reused, _)), "{owner:?}");
}

pub async fn another_client_changes_nothing_where_it_is_only_refused(stores: Stores) {
    let mine = rotated(&stores, 3).await;
    for generation in 1..=5 {
        let attempt = Attempt::of(&mine, generation).at(after(4)).by("phone").from(None).lenient();
        assert_eq!(attempt.make(&stores).await, Rotation::OtherClient(mine.clone()), "token {generation}");
        assert_eq!(get(&stores, &mine, after(4)).await, Some(mine.clone()), "token {generation}");
    }
}

pub async fn the_client_is_checked_before_the_expiry(stores: Stores) {
    let mine = rotated(&stores, 1).await;
    let late = Attempt::of(&mine, 2).at(mine.expires_at).by("phone");
    assert_eq!(late.clone().lenient().make(&stores).await, Rotation::OtherClient(mine.clone()));
    assert_eq!(late.make(&stores).await, Rotation::OtherClient(mine));
}

pub async fn the_expiry_is_checked_before_the_place_in_the_chain(stores: Stores) {
    let mine = rotated(&stores, 3).await;
    for generation in [1, 3, 4, 5, 4] {
        let answer = Attempt::of(&mine, generation).at(mine.expires_at).make(&stores).await;
        assert_eq!(answer, Rotation::Expired, "token {generation}");
    }
}

pub async fn a_session_can_be_used_until_it_expires(stores: Stores) {
    let mine = rotated(&stores, 1).await;
    let last = mine.last_used_at() + (IDLE - MICRO);
    let chain = Chain { generation: 3, parent: 2, rotated_at: last };
    assert_advanced(&stores, &mine, 2, last, (chain, Verdict::Rotated(chain))).await;
}

pub async fn a_late_use_still_says_expired(stores: Stores) {
    let mine = rotated(&stores, 0).await;
    assert_eq!(Attempt::of(&mine, 1).at(mine.expires_at + LIFE).make(&stores).await, Rotation::Expired);
}

pub async fn after_the_sweep_a_late_use_is_unknown(stores: Stores) {
    let mine = rotated(&stores, 0).await;
    let late = Attempt::of(&mine, 1).at(mine.expires_at + LIFE);
    assert_eq!(stores.sessions.sweep(mine.expires_at + MICRO, 10).await.unwrap(), 1);
    assert_eq!(late.make(&stores).await, Rotation::Unknown);
}

pub async fn however_much_it_is_used_a_session_ends(stores: Stores) {
    let mine = rotated(&stores, 0).await;
    let mut generation = 1;
    for seconds in [3_000, 6_000, 6_399, 6_400, 6_401, 9_999] {
        let answer = Attempt::of(&mine, generation).at(after(seconds)).make(&stores).await;
        let Rotation::Judged(Verdict::Rotated(chain), now) = answer else { panic!("{answer:?} at {seconds}") };
        assert_eq!(now.expires_at, (after(seconds) + IDLE).min(mine.ends_at), "at {seconds}");
        generation = chain.generation;
    }
    assert_eq!(Attempt::of(&mine, generation).at(mine.ends_at).make(&stores).await, Rotation::Expired);
}

pub async fn an_exchange_remembers_where_it_came_from(stores: Stores) {
    let mine = rotated(&stores, 0).await;
    let grace_is_over = GRACE + Duration::from_secs(2);
    for (generation, now, from) in
        [(1, after(1), "198.51.100.7"), (1, after(1) + grace_is_over, "2001:db8::7"), (9, after(40), "203.0.113.9")]
    {
        let answer = Attempt::of(&mine, generation).at(now).from(Some(ip(from))).make(&stores).await;
        let Rotation::Judged(_, answered) = answer else { panic!("{answer:?}") };
        assert_eq!(answered.address, Some(ip(from)));
        assert_eq!(get(&stores, &mine, now).await, Some(answered));
    }
}

pub async fn a_session_leaves_others_alone(stores: Stores) {
    let mine = rotated(&stores, 3).await;
    let others = [session(1, 2), session(2, 3)];
    open(&stores, &others).await;
    Attempt::of(&mine, 4).at(after(5)).make(&stores).await;
    Attempt::of(&mine, 1).at(after(5)).make(&stores).await;
    for other in others {
        assert_eq!(get(&stores, &other, after(5)).await, Some(other));
    }
}
