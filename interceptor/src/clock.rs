use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

/// Tells the time, in Unix seconds.
///
/// ```
/// use sekisho_interceptor::Clock;
///
/// let stopped: Clock = std::sync::Arc::new(|| 1_800_000_000);
/// assert_eq!(stopped(), 1_800_000_000);
/// ```
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The clock of the machine.
///
/// A machine set before 1970 reads 0, at which every token is still to come and
/// so refused.
///
/// ```
/// let clock = sekisho_interceptor::system_clock();
/// assert!(clock() > 1_700_000_000);
/// ```
#[must_use]
pub fn system_clock() -> Clock {
    Arc::new(|| {
        #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock it hands out")]
        let now = SystemTime::now();
        now.duration_since(UNIX_EPOCH).map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    })
}
