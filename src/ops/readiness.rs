//! Whether the stores do what the service needs of them.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::{
    sync::Mutex,
    task::JoinSet,
    time::{Instant, timeout},
};

use crate::{
    clock::Clock,
    domain::Timestamp,
    storage::{Probe, StoreError},
    telemetry::Metrics,
};

/// However many ask, a store is asked no more often.
const SHARED_FOR: Duration = Duration::from_secs(1);
/// Whoever asks gives up soon after.
const DEADLINE: Duration = Duration::from_secs(1);
/// From here on expiries and budgets are visibly wrong.
const SKEW_SECONDS: f64 = 10.0;

/// The stores, and what they last said.
pub struct Readiness {
    probes: Vec<Arc<dyn Probe>>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    /// Held while the stores are asked: at most one does.
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    asked: Option<Instant>,
    unavailable: BTreeSet<&'static str>,
    skewed: BTreeSet<&'static str>,
}

type Sign = Result<Option<Timestamp>, StoreError>;

impl Readiness {
    /// Of these stores, by this clock.
    pub fn new(probes: Vec<Arc<dyn Probe>>, clock: Arc<dyn Clock>, metrics: Arc<Metrics>) -> Self {
        Self { probes, clock, metrics, last: Mutex::default() }
    }

    /// The names of the stores that do not do what they should.
    pub async fn unavailable(&self) -> BTreeSet<&'static str> {
        let mut last = self.last.lock().await;
        if last.asked.is_none_or(|asked| asked.elapsed() >= SHARED_FOR) {
            self.ask(&mut last).await;
            last.asked = Some(Instant::now());
        }
        last.unavailable.clone()
    }

    async fn ask(&self, last: &mut Last) {
        let now = self.clock.now();
        let mut asked: JoinSet<(&'static str, Sign)> = JoinSet::new();
        for probe in &self.probes {
            let probe = probe.clone();
            asked.spawn(async move {
                let sign = timeout(DEADLINE, probe.check(now)).await;
                (probe.name(), sign.unwrap_or_else(|late| Err(StoreError::Unavailable(late.into()))))
            });
        }
        last.unavailable = self.probes.iter().map(|probe| probe.name()).collect();
        while let Some(done) = asked.join_next().await {
            match done {
                Ok((store, Ok(time))) => {
                    last.unavailable.remove(store);
                    if let Some(time) = time {
                        self.compare(store, time, now, &mut last.skewed);
                    }
                }
                Ok((store, Err(error))) => tracing::warn!(store, %error, "not ready"),
                Err(error) => tracing::error!(%error, "a probe failed"),
            }
        }
        for probe in &self.probes {
            self.metrics.store_up(probe.name(), !last.unavailable.contains(probe.name()));
        }
    }

    fn compare(&self, store: &'static str, theirs: Timestamp, ours: Timestamp, skewed: &mut BTreeSet<&'static str>) {
        let ahead = theirs.since(ours).as_secs_f64() - ours.since(theirs).as_secs_f64();
        self.metrics.clock_skew(store, ahead);
        if ahead.abs() <= SKEW_SECONDS {
            if skewed.remove(store) {
                tracing::info!(store, "the clock of the store agrees with ours again");
            }
        } else if skewed.insert(store) {
            tracing::warn!(store, seconds = ahead, "the clock of the store and ours do not agree");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};

    use super::*;
    use crate::clock::SystemClock;

    #[test]
    fn a_skew_is_logged_when_it_begins_and_when_it_ends() {
        let mut log = tempfile::tempfile().unwrap();
        let lines = tracing_subscriber::fmt().with_writer(Arc::new(log.try_clone().unwrap())).with_ansi(false).finish();
        let readiness = Readiness::new(Vec::new(), Arc::new(SystemClock), Arc::default());
        let ours = Timestamp::from_seconds(1_000);
        tracing::subscriber::with_default(lines, || {
            let mut skewed = BTreeSet::new();
            for theirs in [1_010, 1_011, 1_012, 990, 989, 1_000] {
                readiness.compare("sql", Timestamp::from_seconds(theirs), ours, &mut skewed);
            }
        });
        let mut text = String::new();
        log.rewind().unwrap();
        log.read_to_string(&mut text).unwrap();
        let levels: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
        assert_eq!(levels, ["WARN", "INFO", "WARN", "INFO"], "{text}");
    }
}
