//! Metrics of connections and of TLS.

use std::sync::atomic::AtomicU64;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
};

use super::{
    Metrics,
    by_word::ByWord,
    catalog::{Catalog, Row},
};

/// As `app` calls them.
const LISTENERS: [&str; 3] = ["public", "operations", "authz"];
/// As `server` calls them.
const ENDS: [&str; 8] = ["closed", "broken", "handshake", "silent", "idle", "aged", "flooded", "stopped"];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Listener {
    listener: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    listener: &'static str,
    end: &'static str,
}

/// See the module.
pub(super) struct Transport {
    connections: Family<Listener, Gauge>,
    refused: Family<Listener, Counter>,
    ended: Family<Ended, Counter>,
    tls_reloads: ByWord<Counter>,
    tls_certificate_ends: Gauge<f64, AtomicU64>,
}

impl Transport {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        let this = Self {
            connections: Family::default(),
            refused: Family::default(),
            ended: Family::default(),
            tls_reloads: ByWord::new("outcome", ["loaded", "kept"]),
            tls_certificate_ends: Gauge::default(),
        };
        for listener in LISTENERS {
            this.refused.get_or_create_owned(&Listener { listener });
            for end in ENDS {
                this.ended.get_or_create_owned(&Ended { listener, end });
            }
        }
        catalog.section("Connections");
        let row = Row::new("connections", "Connections, by listener", "How near `SEKISHO_MAX_CONNECTIONS` is");
        catalog.add(row.words("listener", LISTENERS), &this.connections);
        let refused = "Connections that were one too many";
        let row = Row::new("connections_refused", refused, "Clients that find no room");
        catalog.add(row.words("listener", LISTENERS), &this.refused);
        let row = Row::new(
            "connections_ended",
            "Connections, by how they ended",
            "`flooded`, `handshake` and \
             `silent`: attacks, or clients that do not speak as they should",
        );
        catalog.add(row.words("listener", LISTENERS).words("end", ENDS), &this.ended);
        let row = Row::new(
            "tls_reloads",
            "New certificates, by what became of them",
            "`kept`: files that cannot be \
             used",
        );
        this.tls_reloads.register(catalog, row);
        let ends = "When the certificate ends, since the epoch; 0 without TLS";
        let row = Row::new("tls_certificate_ends", ends, "A certificate that nobody renews").seconds();
        catalog.add(row, &this.tls_certificate_ends);
        this
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

    /// The files of the certificate have changed.
    pub fn tls_reload(&self, outcome: &'static str) {
        self.transport.tls_reloads.of(outcome).inc();
    }

    /// When the certificate ends, in seconds since the epoch.
    #[expect(clippy::cast_precision_loss, reason = "exact for the next 285 million years")]
    pub fn tls_certificate_ends(&self, at: u64) {
        self.transport.tls_certificate_ends.set(at as f64);
    }
}
