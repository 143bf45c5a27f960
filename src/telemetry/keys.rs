//! Metrics of the signing keys.

use std::sync::atomic::AtomicU64;

use prometheus_client::metrics::gauge::Gauge;

use super::{
    Metrics,
    by_word::ByWord,
    catalog::{Catalog, Row},
    metrics::count,
};
use crate::crypto::{Standing, keyring::Stage};

/// See the module.
pub(super) struct Keys {
    age: Gauge<f64, AtomicU64>,
    keys: ByWord<Gauge>,
}

impl Keys {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        let this = Self { age: Gauge::default(), keys: ByWord::new("state", Stage::ALL.map(Stage::as_str)) };
        catalog.section("Signing keys");
        let row = Row::new(
            "signing_key_age",
            "How long the key that signs has signed; 0 with HS256, whose key has no \
             date",
            "Keys are replaced by hand: when that is due",
        );
        catalog.add(row.seconds(), &this.age);
        let row = Row::new(
            "signing_keys",
            "Keys that this server knows, by what they do",
            "A replacement on its way: \
             one more is `published`, then one more `retiring`",
        );
        this.keys.register(catalog, row);
        this
    }
}

impl Metrics {
    /// The keys stand like this.
    pub fn signing_keys(&self, standing: &Standing) {
        self.keys.age.set(standing.age.as_secs_f64());
        for (place, stage) in Stage::ALL.into_iter().enumerate() {
            let number = standing.stages.iter().filter(|found| **found == stage).count();
            self.keys.keys.at(place).set(count(number as u64));
        }
    }
}
