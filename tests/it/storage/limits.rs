//! The contract of [`sekisho::storage::Limits`].

use std::time::Duration;

use sekisho::{
    domain::Timestamp,
    storage::{Stores, limits::Rate},
};

use super::{
    data::{MICRO, NOW, after},
    race::{count, race},
};

/// Five at once, and one more every hundred seconds.
const FIVE: Rate = Rate { count: 5, per: Duration::from_secs(500) };
const INTERVAL: Duration = Duration::from_secs(100);
const TAKEN: Option<Duration> = None;

async fn take(stores: &Stores, key: &str, now: Timestamp) -> Option<Duration> {
    stores.limits.take(key, FIVE, now).await.unwrap()
}

async fn spend(stores: &Stores, key: &str) {
    for _ in 0..FIVE.count {
        assert_eq!(take(stores, key, NOW).await, TAKEN);
    }
}

pub async fn a_budget_is_spent_at_once_and_grows_back_by_one(stores: Stores) {
    spend(&stores, "a").await;
    assert_eq!(take(&stores, "a", NOW).await, Some(INTERVAL));
    assert_eq!(take(&stores, "a", NOW + (INTERVAL - MICRO)).await, Some(MICRO));
    assert_eq!(take(&stores, "a", NOW + INTERVAL).await, TAKEN);
    assert_eq!(take(&stores, "a", NOW + INTERVAL).await, Some(INTERVAL));
}

pub async fn a_refusal_costs_nothing(stores: Stores) {
    spend(&stores, "a").await;
    for _ in 0..3 {
        assert_eq!(take(&stores, "a", NOW).await, Some(INTERVAL));
    }
    assert_eq!(take(&stores, "a", NOW + INTERVAL).await, TAKEN);
}

/// Calls come to a store in another order than that in which they read the clock, and it may be
/// that of another server.
pub async fn a_budget_that_is_spent_is_so_for_those_who_are_behind(stores: Stores) {
    spend(&stores, "a").await;
    for behind in [MICRO, Duration::from_secs(60)] {
        assert_eq!(take(&stores, "a", NOW - behind).await, Some(INTERVAL + behind));
    }
    assert_eq!(take(&stores, "a", NOW).await, Some(INTERVAL));
}

/// A mark of a clock that was far ahead locks nobody out when that has been put right.
pub async fn a_budget_of_a_clock_that_was_wrong_is_a_new_one(stores: Stores) {
    let wrong = after(1_000_000);
    for _ in 0..5 {
        assert_eq!(take(&stores, "a", wrong).await, TAKEN);
    }
    assert_eq!(take(&stores, "a", wrong).await, Some(INTERVAL));
    spend(&stores, "a").await;
}

pub async fn a_budget_grows_no_larger_than_it_was(stores: Stores) {
    spend(&stores, "a").await;
    let much_later = after(1_000_000);
    for _ in 0..FIVE.count {
        assert_eq!(take(&stores, "a", much_later).await, TAKEN);
    }
    assert_eq!(take(&stores, "a", much_later).await, Some(INTERVAL));
}

pub async fn each_key_has_its_own_budget(stores: Stores) {
    spend(&stores, "a").await;
    spend(&stores, "A").await;
    assert_eq!(take(&stores, "a", NOW).await, Some(INTERVAL));
}

pub async fn one_that_is_given_back_can_be_taken_again(stores: Stores) {
    spend(&stores, "a").await;
    stores.limits.give_back("a", FIVE, NOW).await.unwrap();
    assert_eq!(take(&stores, "a", NOW).await, TAKEN);
    assert_eq!(take(&stores, "a", NOW).await, Some(INTERVAL));
}

pub async fn giving_back_never_makes_a_budget_larger(stores: Stores) {
    assert_eq!(take(&stores, "a", NOW).await, TAKEN);
    for _ in 0..3 {
        stores.limits.give_back("a", FIVE, NOW).await.unwrap();
        stores.limits.give_back("never taken", FIVE, NOW).await.unwrap();
    }
    for key in ["a", "never taken"] {
        spend(&stores, key).await;
        assert_eq!(take(&stores, key, NOW).await, Some(INTERVAL));
    }
}

pub async fn a_sweep_takes_what_is_whole_again_up_to_a_limit(stores: Stores) {
    for key in ["a", "b", "c"] {
        assert_eq!(take(&stores, key, NOW).await, TAKEN);
    }
    spend(&stores, "spent").await;
    let sweep = |now| {
        let limits = stores.limits.clone();
        async move { limits.sweep(now, 2).await.unwrap() }
    };
    assert_eq!(sweep(NOW).await, 0);
    let whole = NOW + INTERVAL;
    assert_eq!((sweep(whole).await, sweep(whole).await, sweep(whole).await), (2, 1, 0));
    assert_eq!(take(&stores, "spent", NOW).await, Some(INTERVAL));
}

pub async fn of_many_takes_as_many_succeed_as_there_are(stores: Stores) {
    let answers = race(|_| {
        let stores = stores.clone();
        async move { take(&stores, "a", NOW).await }
    })
    .await;
    assert_eq!(count(&answers, &TAKEN), FIVE.count as usize);
    assert_eq!(take(&stores, "a", NOW).await, Some(INTERVAL), "refusals cost nothing");
}

fn two() -> [(String, Rate); 2] {
    [("narrow".to_owned(), Rate { count: 2, ..FIVE }), ("wide".to_owned(), Rate { count: 9, ..FIVE })]
}

async fn take_both(stores: &Stores) -> Option<Duration> {
    stores.limits.take_all(&two(), NOW).await.unwrap().map(|empty| empty.wait)
}

pub async fn of_several_budgets_the_first_that_is_empty_is_named(stores: Stores) {
    let place = async || stores.limits.take_all(&two(), NOW).await.unwrap().map(|empty| empty.place);
    assert_eq!([place().await, place().await, place().await], [None, None, Some(0)]);
    stores.limits.give_back("narrow", two()[0].1, NOW).await.unwrap();
    for _ in 0..7 {
        assert_eq!(stores.limits.take("wide", two()[1].1, NOW).await.unwrap(), TAKEN);
    }
    assert_eq!(place().await, Some(1));
    stores.limits.give_back("wide", two()[1].1, NOW).await.unwrap();
    assert_eq!([place().await, place().await], [None, Some(0)], "both are empty");
}

pub async fn of_several_budgets_all_are_drawn_on_or_none(stores: Stores) {
    for _ in 0..2 {
        assert_eq!(take_both(&stores).await, TAKEN);
    }
    let narrow = two()[0].1.interval();
    for _ in 0..20 {
        assert_eq!(take_both(&stores).await, Some(narrow));
    }
    for _ in 0..7 {
        assert_eq!(stores.limits.take("wide", two()[1].1, NOW).await.unwrap(), TAKEN);
    }
    assert_eq!(take_both(&stores).await, Some(narrow));
    stores.limits.give_back_all(&two(), NOW).await.unwrap();
    assert_eq!(take_both(&stores).await, TAKEN);
    stores.limits.give_back_all(&[("nobody's".to_owned(), FIVE)], NOW).await.unwrap();
}

pub async fn of_many_takes_of_several_as_many_succeed_as_the_narrowest_has(stores: Stores) {
    let answers = race(|_| {
        let stores = stores.clone();
        async move { take_both(&stores).await }
    })
    .await;
    assert_eq!(count(&answers, &TAKEN), 2);
}

pub async fn many_that_give_back_all_count(stores: Stores) {
    let rate = Rate { count: 64, per: Duration::from_secs(6_400) };
    for _ in 0..rate.count {
        assert_eq!(stores.limits.take("a", rate, NOW).await.unwrap(), TAKEN);
    }
    race(|_| {
        let stores = stores.clone();
        async move { stores.limits.give_back("a", rate, NOW).await.unwrap() }
    })
    .await;
    for _ in 0..rate.count {
        assert_eq!(stores.limits.take("a", rate, NOW).await.unwrap(), TAKEN);
    }
    assert_eq!(stores.limits.take("a", rate, NOW).await.unwrap(), Some(INTERVAL));
}
