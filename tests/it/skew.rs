//! Two services whose clocks disagree, and clocks that step back.

mod differ;
mod step_back;

use std::sync::Arc;

use sekisho::{clock::ManualClock, domain::Timestamp};

use crate::support::{TestApp, pair::pair_at, stack::Stack};

const NOON: i64 = 1_800_000_000;
const MINUTES_2: i64 = 120;
const MINUTES_5: i64 = 300;

/// The second is ahead of the first; behind it by a negative number.
async fn ahead_by(seconds: i64, stack: Stack) -> [Arc<TestApp>; 2] {
    let clocks = [NOON, NOON + seconds].map(|time| ManualClock::at(Timestamp::from_seconds(time)));
    pair_at(stack, clocks, &[]).await
}
