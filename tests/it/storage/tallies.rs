//! The contract of [`sekisho::storage::Tallies`].

use std::time::Duration;

use sekisho::{
    domain::Timestamp,
    storage::{Stores, tallies::Tally::Sessions},
};

use super::{
    data::{NOW, after},
    race::race,
};

const LEASE: Duration = Duration::from_secs(60);

async fn claim(stores: &Stores, now: Timestamp) -> bool {
    stores.tallies.claim(Sessions, now, now + LEASE).await.unwrap()
}

pub async fn of_many_that_want_to_count_one_does(stores: Stores) {
    for now in [NOW, NOW + LEASE] {
        let claims = race(|_| {
            let stores = stores.clone();
            async move { claim(&stores, now).await }
        })
        .await;
        assert_eq!(claims.iter().filter(|is_mine| **is_mine).count(), 1);
    }
}

pub async fn a_claim_is_good_until_it_runs_out(stores: Stores) {
    assert!(claim(&stores, NOW).await);
    assert!(!claim(&stores, after(59)).await);
    assert!(claim(&stores, after(60)).await);
}

pub async fn what_was_counted_is_told_until_it_is_counted_again(stores: Stores) {
    assert!(claim(&stores, NOW).await);
    assert_eq!(stores.tallies.get(Sessions).await.unwrap(), None);
    stores.tallies.put(Sessions, 5, after(30)).await.unwrap();
    assert_eq!(stores.tallies.get(Sessions).await.unwrap(), Some(5));
    assert!(!claim(&stores, after(29)).await);
    assert!(claim(&stores, after(30)).await);
    assert_eq!(stores.tallies.get(Sessions).await.unwrap(), Some(5), "what was counted last");
    stores.tallies.put(Sessions, 0, after(90)).await.unwrap();
    assert_eq!(stores.tallies.get(Sessions).await.unwrap(), Some(0));
}

pub async fn a_clock_that_was_wrong_stops_no_counting(stores: Stores) {
    assert!(claim(&stores, after(1_000_000)).await);
    assert!(claim(&stores, NOW).await);
    assert!(!claim(&stores, after(1)).await);
}
