use std::{fmt, sync::Arc, time::Duration};

/// Gives numbers from 0 to 1, evenly.
pub(crate) type Randomness = Arc<dyn Fn() -> f64 + Send + Sync>;

/// How long to wait before each further attempt: doubling, and never the same twice,
/// so that those who lost one server together do not come back together.
#[derive(Clone)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    attempts: u32,
    random: Randomness,
}

impl Backoff {
    pub(crate) fn new(first: Duration, longest: Duration, random: Randomness) -> Self {
        Self { first, longest, attempts: 0, random }
    }

    pub(crate) fn reset(&mut self) {
        self.attempts = 0;
    }

    /// Whether nothing has failed since the last success.
    #[cfg(feature = "revocation")]
    pub(crate) fn is_fresh(&self) -> bool {
        self.attempts == 0
    }

    /// Between half of the time and the whole of it.
    pub(crate) fn next(&mut self) -> Duration {
        let whole = self.first.saturating_mul(1 << self.attempts.min(20)).min(self.longest);
        self.attempts = self.attempts.saturating_add(1);
        whole.mul_f64(0.5 + 0.5 * (self.random)().clamp(0.0, 1.0))
    }
}

impl fmt::Debug for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backoff").field("attempts", &self.attempts).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(random: f64) -> Vec<u128> {
        let random: Randomness = Arc::new(move || random);
        let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(10), random);
        (0..10).map(|_| backoff.next().as_millis()).collect()
    }

    #[test]
    fn it_doubles_to_the_longest() {
        assert_eq!(waits(1.0), [50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
    }

    #[test]
    fn chance_takes_up_to_half_away() {
        assert_eq!(waits(0.0), [25, 50, 100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    }

    #[test]
    fn it_begins_anew_after_a_success() {
        let mut backoff = Backoff::new(Duration::from_millis(50), Duration::from_secs(10), Arc::new(|| 1.0));
        backoff.next();
        backoff.next();
        backoff.reset();
        assert_eq!(backoff.next(), Duration::from_millis(50));
    }
}
