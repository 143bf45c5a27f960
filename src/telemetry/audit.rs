//! Metrics of the chain over the audit log.

use std::{sync::atomic::AtomicU64, time::Duration};

use prometheus_client::metrics::gauge::Gauge;

use super::{
    Metrics,
    catalog::{Catalog, Row},
};

/// See the module.
pub(super) struct Audit {
    link: Gauge,
    unsealed: Gauge<f64, AtomicU64>,
    chain_broken: Gauge,
}

impl Audit {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        let this = Self { link: Gauge::default(), unsealed: Gauge::default(), chain_broken: Gauge::default() };
        catalog.section("The audit log");
        let link = "The last link of the chain over the audit log";
        catalog.add(Row::new("audit_link", link, "Whether it grows"), &this.link);
        let unsealed = "Age of the oldest event that has no link yet";
        let row =
            Row::new("audit_unsealed", unsealed, "Events that could be changed unseen; beyond 60 s it is a fault");
        catalog.add(row.seconds(), &this.unsealed);
        let broken = "1 where somebody else has changed the chain over the audit log: nothing is sealed any more";
        catalog.add(Row::new("audit_chain_broken", broken, "Tampering. See [audit.md](audit.md)"), &this.chain_broken);
        this
    }
}

impl Metrics {
    /// The chain over the audit log ends here, and the oldest event after it is so old.
    pub fn audit_sealed(&self, link: i64, oldest_unsealed: Duration) {
        self.audit.link.set(link);
        self.audit.unsealed.set(oldest_unsealed.as_secs_f64());
    }

    /// It may be that the oldest event without a link is so old.
    pub fn audit_unsealed(&self, at_most: Duration) {
        self.audit.unsealed.set(at_most.as_secs_f64());
    }

    /// Whether somebody else has changed the chain over the audit log.
    pub fn audit_chain_broken(&self, is_broken: bool) {
        self.audit.chain_broken.set(is_broken.into());
    }
}
