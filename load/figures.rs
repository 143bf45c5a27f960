//! Numbers, and how they are shown.

use std::time::Duration;

/// What a round gave.
#[derive(Clone, Copy, Default)]
pub(crate) struct Figures {
    /// Calls in a second.
    pub(crate) per_second: f64,
    /// Milliseconds of the call in the middle.
    pub(crate) p50: f64,
    /// Milliseconds that one call in a hundred exceeds.
    pub(crate) p99: f64,
    /// Microseconds of a core that the service took for a call, where that is known.
    pub(crate) cpu: f64,
}

impl Figures {
    /// Of the calls that ended in a time.
    pub(crate) fn of(mut latencies: Vec<Duration>, measured: Duration) -> Self {
        latencies.sort_unstable();
        let millis = |share| percentile(&latencies, share).as_secs_f64() * 1_000.0;
        let calls = u32::try_from(latencies.len()).unwrap_or(u32::MAX);
        Self { per_second: f64::from(calls) / measured.as_secs_f64(), p50: millis(0.5), p99: millis(0.99), cpu: 0.0 }
    }

    /// The median of each figure.
    pub(crate) fn median(rounds: &[Self]) -> Self {
        let median = |pick: fn(&Self) -> f64| {
            let mut figures: Vec<f64> = rounds.iter().map(pick).collect();
            figures.sort_unstable_by(f64::total_cmp);
            figures.get(figures.len() / 2).copied().unwrap_or_default()
        };
        Self {
            per_second: median(|round| round.per_second),
            p50: median(|round| round.p50),
            p99: median(|round| round.p99),
            cpu: median(|round| round.cpu),
        }
    }
}

/// Of times that are sorted.
pub(crate) fn percentile(sorted: &[Duration], share: f64) -> Duration {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index"
    )]
    let at = (sorted.len() as f64 * share) as usize;
    sorted.get(at).copied().unwrap_or_default()
}
