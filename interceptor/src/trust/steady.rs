use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    anchor: Mutex<Anchor>,
}

#[derive(Clone, Copy)]
struct Anchor {
    wall: i64,
    when: Instant,
}

impl Anchor {
    fn expected(self) -> i64 {
        self.wall.saturating_add(i64::try_from(self.when.elapsed().as_secs()).unwrap_or(i64::MAX))
    }
}

impl SteadyClock {
    pub(crate) fn new(wall: Clock) -> Arc<Self> {
        let anchor = Anchor { wall: wall(), when: Instant::now() };
        Arc::new(Self { wall, anchor: Mutex::new(anchor) })
    }

    pub(crate) fn now(&self) -> i64 {
        (self.wall)().min(self.anchor().expected())
    }

    /// Whether the wall clock was set back, once for each time that it was: what was
    /// judged by it before has to be asked for again.
    pub(crate) fn was_set_back(&self) -> bool {
        let wall = (self.wall)();
        let mut anchor = self.anchor();
        let back = wall.saturating_add(STEP) < anchor.expected();
        if back {
            *anchor = Anchor { wall, when: Instant::now() };
        }
        back
    }

    pub(crate) fn clock(self: &Arc<Self>) -> Clock {
        let steady = Arc::clone(self);
        Arc::new(move || steady.now())
    }

    fn anchor(&self) -> MutexGuard<'_, Anchor> {
        self.anchor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
