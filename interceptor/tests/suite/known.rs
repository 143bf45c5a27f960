//! Revocations that a test makes known.
#![expect(clippy::unwrap_used, reason = "a poisoned lock is a failed test")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use sekisho_interceptor::{
    Claims, Clock, Entry, Event, Introspection, Introspector, Meter, RevocationSet, RevocationSource, SetLimits,
    Unavailable,
};
use tokio::sync::watch;

pub(crate) struct Known {
    set: RevocationSet,
    staleness: Mutex<Option<Duration>>,
    changes: watch::Sender<u64>,
}

impl Known {
    pub(crate) fn new(clock: Clock) -> Arc<Self> {
        let set = RevocationSet::new(SetLimits::default(), clock);
        let staleness = Mutex::new(Some(Duration::ZERO));
        Arc::new(Self { set, staleness, changes: watch::Sender::new(0) })
    }

    pub(crate) fn learn(&self, entry: Entry) {
        self.set.insert(entry);
        self.changes.send_modify(|batch| *batch += 1);
    }

    pub(crate) fn set_staleness(&self, staleness: Option<Duration>) {
        *self.staleness.lock().unwrap() = staleness;
    }

    /// How many look at the changes.
    pub(crate) fn watchers(&self) -> usize {
        self.changes.receiver_count()
    }
}

impl RevocationSource for Known {
    fn strikes(&self, claims: &Claims) -> bool {
        self.set.strikes(claims)
    }

    fn staleness(&self) -> Option<Duration> {
        *self.staleness.lock().unwrap()
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

/// An issuer with one answer; `None` keeps its callers waiting.
pub(crate) struct Says(pub(crate) Option<Result<bool, Unavailable>>);

impl Introspector for Says {
    fn introspect(&self, _: &str) -> Introspection {
        match self.0 {
            Some(answer) => Box::pin(std::future::ready(answer)),
            None => Box::pin(std::future::pending()),
        }
    }
}

/// Everything that a layer did.
#[derive(Default)]
pub(crate) struct Tally(Mutex<Vec<Event>>);

impl Tally {
    pub(crate) fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Meter for Tally {
    fn note(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}
