//! Metrics in the text format of Prometheus (OpenMetrics 1.0).

use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};

use super::{
    audit::Audit,
    calls::Calls,
    catalog::{Catalog, Described},
    ext_authz::ExtAuthz,
    feed::Feed,
    flows::Flows,
    keys::Keys,
    mail::Mail,
    passwords::Passwords,
    process::Process,
    stores::Stores,
    transport::Transport,
};

/// Everything that is counted. One per service, so that two in one process do
/// not mix.
pub struct Metrics {
    catalog: Catalog,
    pub(super) calls: Calls,
    pub(super) flows: Flows,
    pub(super) stores: Stores,
    pub(super) passwords: Passwords,
    pub(super) mail: Mail,
    pub(super) feed: Feed,
    pub(super) audit: Audit,
    pub(super) keys: Keys,
    pub(super) transport: Transport,
    pub(super) ext_authz: ExtAuthz,
    process: Process,
}

/// 100 µs to about 6.5 s.
pub(super) fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.0001, 2.0, 17))
}

/// A number for a gauge.
pub(super) fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Default for Metrics {
    fn default() -> Self {
        let mut catalog = Catalog::new();
        Self {
            calls: Calls::register(&mut catalog),
            flows: Flows::register(&mut catalog),
            stores: Stores::register(&mut catalog),
            passwords: Passwords::register(&mut catalog),
            mail: Mail::register(&mut catalog),
            feed: Feed::register(&mut catalog),
            audit: Audit::register(&mut catalog),
            keys: Keys::register(&mut catalog),
            transport: Transport::register(&mut catalog),
            ext_authz: ExtAuthz::register(&mut catalog),
            process: Process::register(&mut catalog),
            catalog,
        }
    }
}

impl Metrics {
    /// What there is, by subject.
    pub fn described(&self) -> &[(&'static str, Vec<Described>)] {
        self.catalog.sections()
    }

    /// All of it as text.
    pub fn render(&self) -> String {
        self.process.look();
        self.catalog.render()
    }
}
