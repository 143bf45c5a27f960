//! A number that is not always known.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use prometheus_client::{
    encoding::{EncodeMetric, MetricEncoder},
    metrics::{MetricType, gauge::Gauge},
};

/// A gauge that is not shown before it has been set: 0 would be a lie.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    gauge: Gauge,
    is_known: Arc<AtomicBool>,
}

impl Known {
    pub(super) fn set(&self, number: i64) {
        self.gauge.set(number);
        self.is_known.store(true, Ordering::Release);
    }
}

impl EncodeMetric for Known {
    fn encode(&self, encoder: MetricEncoder<'_>) -> Result<(), std::fmt::Error> {
        self.gauge.encode(encoder)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Gauge
    }

    fn is_empty(&self) -> bool {
        !self.is_known.load(Ordering::Acquire)
    }
}
