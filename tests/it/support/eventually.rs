//! Waiting for what nothing tells of.

use std::{panic::Location, time::Duration};

use tokio::time::{Instant, sleep};

/// Only what never comes is waited for in vain: on a busy machine much takes long.
const WITHIN: Duration = Duration::from_secs(300);

/// Asks again and again until it is so.
#[track_caller]
pub fn eventually(is_so: impl AsyncFn() -> bool) -> impl Future<Output = ()> {
    let caller = Location::caller();
    async move {
        let deadline = Instant::now() + WITHIN;
        while !is_so().await {
            assert!(Instant::now() < deadline, "not so after {WITHIN:?}, at {caller}");
            sleep(Duration::from_millis(20)).await;
        }
    }
}
