//! What a set of revocations strikes, and for how long.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use sekisho_interceptor::{Claims, Clock, Entry, RevocationSet, SetLimits};
use uuid::Uuid;

use crate::support::{NOW, claims, person};

struct Hands(Arc<AtomicI64>);

impl Hands {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(NOW)))
    }

    fn clock(&self) -> Clock {
        let now = Arc::clone(&self.0);
        Arc::new(move || now.load(Ordering::SeqCst))
    }

    fn set(&self, now: i64) {
        self.0.store(now, Ordering::SeqCst);
    }
}

fn set() -> RevocationSet {
    RevocationSet::new(SetLimits::default(), Hands::new().clock())
}

fn token(jti: Uuid) -> Entry {
    Entry::Token { jti, expires_at: NOW + 900 }
}

fn user(not_before: i64) -> Entry {
    Entry::User { sub: claims().sub, not_before, expires_at: NOW + 900 }
}

#[test]
fn a_token_a_session_and_a_person_are_struck() {
    for entry in
        [token(claims().jti), Entry::Session { sid: person().sid, expires_at: NOW + 900 }, user(NOW), user(NOW + 1)]
    {
        let set = set();
        assert!(!set.strikes(&claims()), "{entry:?} before");
        set.insert(entry);
        assert!(set.strikes(&claims()), "{entry:?}");
        assert!(set.strikes_keys(&set.keys(&claims())), "{entry:?} by its keys");
    }
}

#[test]
fn an_id_of_another_kind_is_not_struck() {
    let set = set();
    set.insert(token(claims().sub));
    set.insert(token(person().sid));
    set.insert(Entry::Session { sid: claims().jti, expires_at: NOW + 900 });
    set.insert(Entry::User { sub: claims().jti, not_before: NOW + 900, expires_at: NOW + 900 });
    assert!(!set.strikes(&claims()));
}

#[test]
fn a_token_issued_after_the_time_is_not_struck() {
    let set = set();
    set.insert(user(NOW - 1));
    assert!(!set.strikes(&claims()));
    assert!(set.strikes(&Claims { iat: NOW - 1, ..claims() }));
}

#[test]
fn the_latest_time_holds_in_any_order() {
    for order in [[NOW, NOW - 50], [NOW - 50, NOW]] {
        let set = set();
        order.iter().for_each(|not_before| set.insert(user(*not_before)));
        assert!(set.strikes(&claims()), "{order:?}");
        assert_eq!(set.len(), 1);
    }
}

#[test]
fn a_service_is_struck_by_its_account() {
    let service = Claims { person: None, ..claims() };
    let set = set();
    set.insert(Entry::Session { sid: person().sid, expires_at: NOW + 900 });
    assert!(!set.strikes(&service));
    set.insert(user(NOW));
    assert!(set.strikes(&service));
}

#[test]
fn an_entry_stands_to_its_end_and_then_leaves() {
    let hands = Hands::new();
    let set = RevocationSet::new(SetLimits::default(), hands.clock());
    set.insert(token(claims().jti));
    for late in [900, 905, 959] {
        hands.set(NOW + late);
        set.expire(NOW + late);
        assert!(set.strikes(&claims()), "after {late} s, within the longest leeway");
    }
    set.expire(NOW + 900 + 60 + 180);
    assert!(!set.strikes(&claims()));
    assert!(set.is_empty());
}

#[test]
fn what_ended_long_ago_is_ignored() {
    let set = set();
    set.insert(Entry::Token { jti: claims().jti, expires_at: NOW - 60 });
    assert!(set.is_empty());
}

#[test]
fn h68_an_end_beyond_every_token_is_cut() {
    let hands = Hands::new();
    let limits = SetLimits { max_life_seconds: 3_600, ..SetLimits::default() };
    let set = RevocationSet::new(limits, hands.clock());
    set.insert(Entry::Token { jti: claims().jti, expires_at: i64::MAX });
    set.expire(NOW + 3_600);
    assert!(set.strikes(&claims()));
    set.expire(NOW + 3_600 + 60 + 180);
    assert!(set.is_empty());
}

#[test]
fn h68_a_flood_past_the_cap_drops_nothing_that_stands() {
    let hands = Hands::new();
    let limits = SetLimits { max_entries: 100, ..SetLimits::default() };
    let set = RevocationSet::new(limits, hands.clock());
    set.insert(token(claims().jti));
    set.insert(user(NOW - 50));
    for n in 0..98 {
        set.insert(token(Uuid::from_u128(1_000 + n)));
    }
    assert!(!set.overflowed());
    for n in 0..10_000 {
        set.insert(token(Uuid::from_u128(5_000 + n)));
    }
    assert_eq!(set.len(), 100);
    assert!(set.overflowed() && set.strikes(&claims()));
    set.insert(user(NOW));
    assert_eq!(set.len(), 100, "what is held already can still be prolonged");
    hands.set(NOW + 900 + 60);
    assert!(!set.overflowed(), "what found no room has ended");
}

#[test]
fn sixty_four_threads_lose_nothing() {
    let set = set();
    std::thread::scope(|scope| {
        for thread in 0..64 {
            let set = &set;
            scope.spawn(move || {
                for n in 0..500 {
                    set.insert(token(Uuid::from_u128(thread * 500 + n)));
                    set.insert(token(claims().jti));
                    assert!(set.strikes(&claims()));
                }
            });
        }
    });
    let held = |n: u128| set.strikes(&Claims { jti: Uuid::from_u128(n), ..claims() });
    assert!((0..64 * 500).all(held));
    // One of the numbers is that of the claims.
    assert_eq!(set.len(), 64 * 500);
}

#[test]
fn debug_shows_no_id() {
    let set = set();
    set.insert(token(claims().jti));
    let shown = format!("{set:?}");
    assert!(shown.contains("len: 1") && !shown.contains("b2"), "{shown}");
}
