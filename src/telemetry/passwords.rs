//! Metrics of the threads that hash passwords.

use std::time::Duration;

use prometheus_client::metrics::{counter::Counter, gauge::Gauge, histogram::Histogram};

use super::{
    Metrics,
    catalog::{Catalog, Row},
    metrics::{count, seconds},
};

/// See the module.
pub(super) struct Passwords {
    queue: Gauge,
    wait: Histogram,
    rejected: Counter,
}

impl Passwords {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        let this = Self { queue: Gauge::default(), wait: seconds(), rejected: Counter::default() };
        catalog.section("Passwords");
        catalog.add(Row::new("hash_queue", "Passwords that wait to be hashed", "Logins that pile up"), &this.queue);
        let row = Row::new("hash_wait", "Time that a password waited to be hashed", "What that costs each login");
        catalog.add(row.seconds(), &this.wait);
        let rejected = "Passwords that were not hashed, for the queue was full";
        catalog.add(Row::new("hash_rejected", rejected, "Logins that got `OVERLOADED`: too few cores"), &this.rejected);
        this
    }
}

impl Metrics {
    /// So many passwords wait.
    pub fn hash_queue(&self, length: usize) {
        self.passwords.queue.set(count(length as u64));
    }

    /// A password waited for so long.
    pub fn hash_wait(&self, waited: Duration) {
        self.passwords.wait.observe(waited.as_secs_f64());
    }

    /// A password found no room in the queue.
    pub fn hash_rejected(&self) {
        self.passwords.rejected.inc();
    }
}
