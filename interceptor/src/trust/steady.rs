use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use tokio::time::Instant;

use crate::clock::Clock;

/// A step of the wall clock that is more than drift, in seconds.
const STEP: i64 = 5;

/// A clock that never runs ahead of the time that has passed.
///
/// If the machine's clock leaps an hour ahead and is set back, revocations that were
/// dropped in between would be missed by tokens that are good again.
pub(crate) struct SteadyClock {
    wall: Clock,
    began: (i64, Instant),
    /// The latest that the wall clock showed.
    latest: AtomicI64,
}

impl SteadyClock {
    pub(crate) fn new(wall: Clock) -> Arc<Self> {
        let now = wall();
        Arc::new(Self { wall, began: (now, Instant::now()), latest: AtomicI64::new(now) })
    }

    pub(crate) fn now(&self) -> i64 {
        let (wall, when) = self.began;
        let passed = i64::try_from(when.elapsed().as_secs()).unwrap_or(i64::MAX);
        (self.wall)().min(wall.saturating_add(passed))
    }

    /// Whether the wall clock was set back, once for each time that it was: what was
    /// judged by it before has to be asked for again.
    pub(crate) fn was_set_back(&self) -> bool {
        let wall = (self.wall)();
        let latest = self.latest.fetch_max(wall, Ordering::AcqRel);
        let back = wall.saturating_add(STEP) < latest;
        if back {
            self.latest.store(wall, Ordering::Release);
        }
        back
    }

    pub(crate) fn clock(self: &Arc<Self>) -> Clock {
        let steady = Arc::clone(self);
        Arc::new(move || steady.now())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::advance;

    use super::*;

    fn steady() -> (Arc<AtomicI64>, Arc<SteadyClock>) {
        let wall = Arc::new(AtomicI64::new(1_000));
        let shown = Arc::clone(&wall);
        (wall, SteadyClock::new(Arc::new(move || shown.load(Ordering::SeqCst))))
    }

    #[tokio::test(start_paused = true)]
    async fn it_does_not_leap_ahead() {
        let (wall, steady) = steady();
        wall.store(4_600, Ordering::SeqCst);
        assert_eq!(steady.now(), 1_000);
        advance(Duration::from_secs(10)).await;
        assert_eq!(steady.now(), 1_010);
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_stands_still_was_not_set_back() {
        let (_, steady) = steady();
        advance(Duration::from_secs(3_600)).await;
        assert!(!steady.was_set_back());
        assert_eq!(steady.now(), 1_000);
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_set_back_once_each_time() {
        let (wall, steady) = steady();
        for time in [994, 900, 800] {
            wall.store(time, Ordering::SeqCst);
            assert!(steady.was_set_back(), "{time}");
            assert!(!steady.was_set_back(), "{time}");
        }
        wall.store(796, Ordering::SeqCst);
        assert!(!steady.was_set_back(), "drift");
    }
}
