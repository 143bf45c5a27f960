//! Metrics of the stores, and of what is in them.

use std::{sync::atomic::AtomicU64, time::Duration};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{family::Family, gauge::Gauge, histogram::Histogram},
};

use super::{
    Metrics,
    catalog::{Catalog, Row, Values},
    known::Known,
    metrics::{count, seconds},
};

/// As the probes call them.
const STORES: [&str; 2] = ["sql", "redis"];
const OPERATIONS: &str = "what is done to which table, as `sessions.rotate`; `probe` and `ping`";

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    operation: &'static str,
    ok: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Store {
    store: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RedisSetting {
    setting: &'static str,
}

/// See the module.
pub(super) struct Stores {
    seconds: Family<Operation, Histogram>,
    up: Family<Store, Gauge>,
    clock_skew: Family<Store, Gauge<f64, AtomicU64>>,
    redis_settings: Family<RedisSetting, Gauge>,
    sessions: Known,
}

impl Stores {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        let this = Self {
            seconds: Family::new_with_constructor(seconds),
            up: Family::default(),
            clock_skew: Family::default(),
            redis_settings: Family::default(),
            sessions: Known::default(),
        };
        catalog.section("Stores");
        let row = Row::new(
            "store_up",
            "1 where a store did what it was last asked as a sign of life, 0 where not, \
             each 5 s",
            "Whether a store is away; the same is in `/readyz`",
        );
        catalog.add(row.words("store", STORES), &this.up);
        let row = Row::new("store_duration", "Time of an operation of a store", "A store that is slow, and what is");
        let row = row.seconds().label("operation", Values::Like(OPERATIONS)).words("ok", ["true", "false"]);
        catalog.add(row, &this.seconds);
        let row = Row::new(
            "store_clock_skew",
            "How far the clock of a store is ahead of ours",
            "Clocks that disagree: \
             from 10 s on expiries and limits are visibly wrong",
        );
        catalog.add(row.seconds().words("store", STORES), &this.clock_skew);
        let row = Row::new(
            "redis_setting_wrong",
            "1 where a setting of Redis breaks a promise",
            "See \
             [operations.md](operations.md#redis); with Redis alone",
        );
        catalog.add(row.words("setting", ["version", "eviction", "persistence"]), &this.redis_settings);
        let row = Row::new(
            "sessions",
            "Live sessions, of the whole deployment: what has expired or was ended is none, whether or not its \
             record is still there",
            "Growth. One server counts for all, \
             each five minutes: take the maximum, not the sum",
        );
        catalog.add(row, &this.sessions);
        this
    }
}

impl Metrics {
    /// A store did something, or failed to.
    pub fn store(&self, operation: &'static str, ok: bool, elapsed: Duration) {
        let ok = if ok { "true" } else { "false" };
        self.stores.seconds.get_or_create(&Operation { operation, ok }).observe(elapsed.as_secs_f64());
    }

    /// Whether a store gives a sign of life.
    pub fn store_up(&self, store: &'static str, is_up: bool) {
        self.stores.up.get_or_create(&Store { store }).set(is_up.into());
    }

    /// The clock of a store is so far ahead of ours; behind if less than zero.
    pub fn clock_skew(&self, store: &'static str, seconds: f64) {
        self.stores.clock_skew.get_or_create(&Store { store }).set(seconds);
    }

    /// Whether a setting of Redis breaks a promise.
    pub fn redis_setting(&self, setting: &'static str, is_wrong: bool) {
        self.stores.redis_settings.get_or_create(&RedisSetting { setting }).set(is_wrong.into());
    }

    /// So many sessions are live, in the whole deployment.
    pub fn sessions(&self, number: u64) {
        self.stores.sessions.set(count(number));
    }
}
