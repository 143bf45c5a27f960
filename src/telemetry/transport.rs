//! Metrics of connections, of TLS, and of calls as a whole.

use std::sync::atomic::AtomicU64;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::{Registry, Unit},
};

use super::Metrics;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Listener {
    listener: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    listener: &'static str,
    end: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

#[derive(Default)]
pub(super) struct Transport {
    connections: Family<Listener, Gauge>,
    refused: Family<Listener, Counter>,
    ended: Family<Ended, Counter>,
    calls_in_flight: Gauge,
    calls_shed: Counter,
    tls_reloads: Family<Outcome, Counter>,
    tls_certificate_ends: Gauge<f64, AtomicU64>,
}

impl Transport {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register("connections", "Connections, by listener", self.connections.clone());
        let refused = "Connections that were one too many";
        registry.register("connections_refused", refused, self.refused.clone());
        registry.register("connections_ended", "Connections, by how they ended", self.ended.clone());
        let in_flight = "Unary calls that run, also those whose callers have gone";
        registry.register("calls_in_flight", in_flight, self.calls_in_flight.clone());
        registry.register("calls_shed", "Unary calls that were one too many", self.calls_shed.clone());
        registry.register("tls_reloads", "New certificates, by what became of them", self.tls_reloads.clone());
        let ends = "When the certificate ends, since the epoch";
        registry.register_with_unit("tls_certificate_ends", ends, Unit::Seconds, self.tls_certificate_ends.clone());
    }
}

impl Metrics {
    /// So many connections more.
    pub fn connections(&self, listener: &'static str, more: i64) {
        self.transport.connections.get_or_create(&Listener { listener }).inc_by(more);
    }

    /// A connection was one too many.
    pub fn connection_refused(&self, listener: &'static str) {
        self.transport.refused.get_or_create(&Listener { listener }).inc();
    }

    /// A connection ended like this.
    pub fn connection_ended(&self, listener: &'static str, end: &'static str) {
        self.transport.ended.get_or_create(&Ended { listener, end }).inc();
    }

    /// So many unary calls more run.
    pub fn calls_in_flight(&self, more: i64) {
        self.transport.calls_in_flight.inc_by(more);
    }

    /// A unary call was one too many.
    pub fn call_shed(&self) {
        self.transport.calls_shed.inc();
    }

    /// The files of the certificate have changed.
    pub fn tls_reload(&self, outcome: &'static str) {
        self.transport.tls_reloads.get_or_create(&Outcome { outcome }).inc();
    }

    /// When the certificate ends, in seconds since the epoch.
    #[expect(clippy::cast_precision_loss, reason = "exact for the next 285 million years")]
    pub fn tls_certificate_ends(&self, at: u64) {
        self.transport.tls_certificate_ends.set(at as f64);
    }
}
