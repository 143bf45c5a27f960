//! Metrics of what flows come to.

use prometheus_client::metrics::counter::Counter;

use super::{
    Metrics,
    by_word::ByWord,
    catalog::{Catalog, Row},
};
use crate::domain::{EventKind, Limit, RefreshOutcome};

/// See the module.
pub(super) struct Flows {
    events: ByWord<Counter>,
    refreshes: ByWord<Counter>,
    limits_hit: ByWord<Counter>,
}

impl Flows {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        let this = Self {
            events: ByWord::new("kind", EventKind::ALL.iter().map(|kind| kind.as_str())),
            refreshes: ByWord::new("outcome", RefreshOutcome::ALL.iter().map(|outcome| outcome.as_str())),
            limits_hit: ByWord::new("limit", Limit::ALL.iter().map(|limit| limit.as_str())),
        };
        catalog.section("Flows");
        let row = Row::new("events", "Outcomes of flows, by kind", "What people do; wrong passwords, stolen tokens");
        this.events.register(catalog, row);
        let row = Row::new(
            "refreshes",
            "Refreshes, by what they came to",
            "`reused`: a token was stolen, or a client \
             keeps old ones; `ahead`: the store has lost writes",
        );
        this.refreshes.register(catalog, row);
        let row = Row::new(
            "limits_hit",
            "Calls that found a budget empty, by limit",
            "Guessing, floods, limits that \
             are too narrow",
        );
        this.limits_hit.register(catalog, row);
        this
    }
}

impl Metrics {
    /// A flow had this outcome.
    pub fn event(&self, kind: EventKind) {
        self.flows.events.at(kind as usize).inc();
    }

    /// A refresh came to this.
    pub fn refresh(&self, outcome: RefreshOutcome) {
        self.flows.refreshes.at(outcome as usize).inc();
    }

    /// A budget was empty.
    pub fn limit_hit(&self, limit: Limit) {
        self.flows.limits_hit.at(limit as usize).inc();
    }
}
