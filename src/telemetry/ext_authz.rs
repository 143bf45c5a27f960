//! Metrics of external authorisation.

use prometheus_client::metrics::counter::Counter;

use super::{
    Metrics,
    by_word::ByWord,
    catalog::{Catalog, Row},
};

/// Allowed, or why not: the reasons of the interceptor, and that of a request which is none.
const OUTCOMES: [&str; 9] = [
    "allowed",
    "ACCESS_TOKEN_EXPIRED",
    "ACCESS_TOKEN_INVALID",
    "PERMISSION_DENIED",
    "SESSION_REVOKED",
    "STEP_UP_REQUIRED",
    "STORE_UNAVAILABLE",
    "UNAUTHORIZED",
    "VALIDATION_ERROR",
];

/// See the module.
pub(super) struct ExtAuthz {
    checks: ByWord<Counter>,
    stale_served: Counter,
    headers_stripped: Counter,
    reloads: ByWord<Counter>,
}

impl ExtAuthz {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        let this = Self {
            checks: ByWord::new("outcome", OUTCOMES),
            stale_served: Counter::default(),
            headers_stripped: Counter::default(),
            reloads: ByWord::new("outcome", ["loaded", "kept"]),
        };
        catalog.section("External authorisation");
        let checks = "Requests that proxies asked about: allowed, or the reason why not";
        this.checks.register(catalog, Row::new("authz_checks", checks, "Who is turned away at the proxies"));
        let stale = "Requests that were let in though the feed is behind, as their policy says";
        catalog.add(Row::new("authz_stale_served", stale, "Logouts do not count meanwhile"), &this.stale_served);
        let stripped = "Headers by which a caller could have posed as somebody, taken away";
        let row = Row::new("authz_headers_stripped", stripped, "Somebody tries to pass for another");
        catalog.add(row, &this.headers_stripped);
        let reloads = "New policies, by what became of them";
        let row = Row::new("authz_policy_reloads", reloads, "`kept`: a file that cannot be used");
        this.reloads.register(catalog, row);
        this
    }
}

impl Metrics {
    /// A proxy asked, and this is the outcome.
    pub fn authz_check(&self, outcome: &'static str) {
        self.ext_authz.checks.of(outcome).inc();
    }

    /// A request was let in on old knowledge.
    pub fn authz_stale_served(&self) {
        self.ext_authz.stale_served.inc();
    }

    /// A request lost so many headers.
    pub fn authz_headers_stripped(&self, count: usize) {
        self.ext_authz.headers_stripped.inc_by(u64::try_from(count).unwrap_or(u64::MAX));
    }

    /// The file of policies has changed.
    pub fn authz_policy_reload(&self, outcome: &'static str) {
        self.ext_authz.reloads.of(outcome).inc();
    }
}
