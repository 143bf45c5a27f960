//! Metrics in the text format of Prometheus (OpenMetrics 1.0).

use std::{sync::atomic::AtomicU64, time::Duration};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use tonic::Code;

use super::transport::Transport;
use crate::domain::EventKind;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    method: String,
    code: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Method {
    method: String,
}

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
struct Kind {
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RedisSetting {
    setting: &'static str,
}

/// Everything that is counted. One per service, so that two in one process do
/// not mix.
pub struct Metrics {
    registry: Registry,
    calls: Family<Call, Counter>,
    call_seconds: Family<Method, Histogram>,
    store_seconds: Family<Operation, Histogram>,
    clock_skew_seconds: Family<Store, Gauge<f64, AtomicU64>>,
    hash_queue: Gauge,
    hash_wait_seconds: Histogram,
    redis_settings: Family<RedisSetting, Gauge>,
    events: Family<Kind, Counter>,
    mails: Family<Kind, Counter>,
    notices: Family<Kind, Counter>,
    notices_waiting: Gauge,
    log_lines_lost: Counter,
    feed_subscribers: Gauge,
    feed_frames: Family<Kind, Counter>,
    feed_resyncs: Counter,
    feed_window: Gauge,
    feed_behind_seconds: Gauge<f64, AtomicU64>,
    audit_link: Gauge,
    audit_unsealed_seconds: Gauge<f64, AtomicU64>,
    audit_chain_broken: Gauge,
    pub(super) transport: Transport,
}

/// 100 µs to about 6.5 s.
fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.0001, 2.0, 17))
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("sekisho"),
            calls: Family::default(),
            call_seconds: Family::new_with_constructor(seconds),
            store_seconds: Family::new_with_constructor(seconds),
            clock_skew_seconds: Family::default(),
            hash_queue: Gauge::default(),
            hash_wait_seconds: seconds(),
            redis_settings: Family::default(),
            events: Family::default(),
            mails: Family::default(),
            notices: Family::default(),
            notices_waiting: Gauge::default(),
            log_lines_lost: Counter::default(),
            feed_subscribers: Gauge::default(),
            feed_frames: Family::default(),
            feed_resyncs: Counter::default(),
            feed_window: Gauge::default(),
            feed_behind_seconds: Gauge::default(),
            audit_link: Gauge::default(),
            audit_unsealed_seconds: Gauge::default(),
            audit_chain_broken: Gauge::default(),
            transport: Transport::default(),
        };
        let registry = &mut metrics.registry;
        registry.register("calls", "Calls by RPC and gRPC code, on every surface", metrics.calls.clone());
        let latency = "Time to answer a call";
        registry.register_with_unit("call_duration", latency, Unit::Seconds, metrics.call_seconds.clone());
        let store = "Time of an operation of a store";
        registry.register_with_unit("store_duration", store, Unit::Seconds, metrics.store_seconds.clone());
        let skew = "How far the clock of a store is ahead of ours";
        registry.register_with_unit("store_clock_skew", skew, Unit::Seconds, metrics.clock_skew_seconds.clone());
        registry.register("hash_queue", "Passwords that wait to be hashed", metrics.hash_queue.clone());
        let wait = "Time that a password waited to be hashed";
        registry.register_with_unit("hash_wait", wait, Unit::Seconds, metrics.hash_wait_seconds.clone());
        let settings = "1 where a setting of Redis breaks a promise";
        registry.register("redis_setting_wrong", settings, metrics.redis_settings.clone());
        registry.register("events", "Outcomes of flows, by kind", metrics.events.clone());
        registry.register("mails", "Mails, by what became of them", metrics.mails.clone());
        registry.register("notices", "Notices, by what became of them", metrics.notices.clone());
        registry.register("notices_waiting", "Notices in the outbox", metrics.notices_waiting.clone());
        let lost = "Lines of the log that nobody took in time";
        registry.register("log_lines_lost", lost, metrics.log_lines_lost.clone());
        metrics.transport.register(registry);
        metrics.register_feed();
        metrics.register_audit();
        metrics
    }
}

/// The calls of one RPC, found once.
#[derive(Clone)]
pub struct CallsOf {
    method: String,
    answered: Counter,
    seconds: Histogram,
}

impl Metrics {
    /// Where calls of an RPC are counted. `method` is one that exists: callers must
    /// not be able to make up labels.
    pub fn calls_of(&self, method: &str) -> CallsOf {
        let method = method.to_owned();
        let answered =
            self.calls.get_or_create_owned(&Call { method: method.clone(), code: format!("{:?}", Code::Ok) });
        let seconds = self.call_seconds.get_or_create_owned(&Method { method: method.clone() });
        CallsOf { method, answered, seconds }
    }

    /// A call was answered.
    pub fn call(&self, of: &CallsOf, code: Code, elapsed: Duration) {
        of.seconds.observe(elapsed.as_secs_f64());
        if code == Code::Ok {
            of.answered.inc();
        } else {
            let call = Call { method: of.method.clone(), code: format!("{code:?}") };
            self.calls.get_or_create(&call).inc();
        }
    }

    fn register_feed(&mut self) {
        let registry = &mut self.registry;
        registry.register("feed_subscribers", "Who follows the feed of revocations", self.feed_subscribers.clone());
        registry.register("feed_frames", "Frames that subscribers were sent, by kind", self.feed_frames.clone());
        let resyncs = "Snapshots: subscribers that could not go on where they were";
        registry.register("feed_resyncs", resyncs, self.feed_resyncs.clone());
        registry.register("feed_window", "Revocations that can still strike a token", self.feed_window.clone());
        let behind = "Time since the journal was last known to hold nothing more";
        registry.register_with_unit("feed_behind", behind, Unit::Seconds, self.feed_behind_seconds.clone());
    }

    fn register_audit(&mut self) {
        let registry = &mut self.registry;
        registry.register("audit_link", "The last link of the chain over the audit log", self.audit_link.clone());
        let unsealed = "Age of the oldest event that has no link yet";
        registry.register_with_unit("audit_unsealed", unsealed, Unit::Seconds, self.audit_unsealed_seconds.clone());
        let broken = "1 where somebody else has changed the chain over the audit log: nothing is sealed any more";
        registry.register("audit_chain_broken", broken, self.audit_chain_broken.clone());
    }

    /// The chain over the audit log ends here, and the oldest event after it is so old.
    pub fn audit_sealed(&self, link: i64, oldest_unsealed: Duration) {
        self.audit_link.set(link);
        self.audit_unsealed_seconds.set(oldest_unsealed.as_secs_f64());
    }

    /// Whether somebody else has changed the chain over the audit log.
    pub fn audit_chain_broken(&self, is_broken: bool) {
        self.audit_chain_broken.set(is_broken.into());
    }

    /// So many more follow the feed.
    pub fn feed_subscribers(&self, more: i64) {
        self.feed_subscribers.inc_by(more);
    }

    /// A subscriber was sent a frame.
    pub fn feed_frame(&self, kind: &'static str) {
        self.feed_frames.get_or_create(&Kind { kind }).inc();
    }

    /// A subscriber is sent a snapshot.
    pub fn feed_resync(&self) {
        self.feed_resyncs.inc();
    }

    /// So many revocations can still strike a token.
    pub fn feed_window(&self, length: usize) {
        self.feed_window.set(i64::try_from(length).unwrap_or(i64::MAX));
    }

    /// So long ago it was known last that the journal holds nothing more.
    pub fn feed_behind(&self, behind: Duration) {
        self.feed_behind_seconds.set(behind.as_secs_f64());
    }

    /// A store did something, or failed to.
    pub fn store(&self, operation: &'static str, ok: bool, elapsed: Duration) {
        let ok = if ok { "true" } else { "false" };
        self.store_seconds.get_or_create(&Operation { operation, ok }).observe(elapsed.as_secs_f64());
    }

    /// The clock of a store is so far ahead of ours; behind if less than zero.
    pub fn clock_skew(&self, store: &'static str, seconds: f64) {
        self.clock_skew_seconds.get_or_create(&Store { store }).set(seconds);
    }

    /// So many passwords wait.
    pub fn hash_queue(&self, length: usize) {
        self.hash_queue.set(i64::try_from(length).unwrap_or(i64::MAX));
    }

    /// A password waited for so long.
    pub fn hash_wait(&self, waited: Duration) {
        self.hash_wait_seconds.observe(waited.as_secs_f64());
    }

    /// Whether a setting of Redis breaks a promise.
    pub fn redis_setting(&self, setting: &'static str, is_wrong: bool) {
        self.redis_settings.get_or_create(&RedisSetting { setting }).set(is_wrong.into());
    }

    /// A flow had this outcome.
    pub fn event(&self, kind: EventKind) {
        self.events.get_or_create(&Kind { kind: kind.as_str() }).inc();
    }

    /// How many of a mail's outcome there are by now.
    pub fn mails(&self, outcome: &'static str, total: u64) {
        let counter = self.mails.get_or_create(&Kind { kind: outcome });
        counter.inc_by(total.saturating_sub(counter.get()));
    }

    /// An attempt at a notice had this outcome.
    pub fn notice(&self, outcome: &'static str) {
        self.notices.get_or_create(&Kind { kind: outcome }).inc();
    }

    /// So many notices wait in the outbox.
    pub fn notices_waiting(&self, number: u64) {
        self.notices_waiting.set(i64::try_from(number).unwrap_or(i64::MAX));
    }

    /// All of it as text.
    pub fn render(&self) -> String {
        self.log_lines_lost.inc_by(super::logs::lost().saturating_sub(self.log_lines_lost.get()));
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
