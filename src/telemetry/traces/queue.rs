//! Spans that wait to be sent: no more than may, and what was lost is known.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use opentelemetry::Context;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{BatchSpanProcessor, Span, SpanData, SpanProcessor},
};

/// How many spans were lost.
#[derive(Clone, Debug, Default)]
pub(super) struct Lost(Arc<AtomicU64>);

impl Lost {
    pub(super) fn add(&self, spans: usize) {
        self.0.fetch_add(u64::try_from(spans).unwrap_or(u64::MAX), Relaxed);
    }

    pub(super) fn number(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// How many spans wait.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    /// Whether one more may wait; it does from now on.
    fn admit(&self, most: usize) -> bool {
        self.0.fetch_update(Relaxed, Relaxed, |waiting| (waiting < most).then_some(waiting + 1)).is_ok()
    }

    /// So many wait no more.
    pub(super) fn leave(&self, spans: usize) {
        self.0.fetch_sub(spans, Relaxed);
    }
}

/// In front of the library's own queue, which drops what is too much as well, but tells
/// nobody how much.
#[derive(Debug)]
pub(super) struct Queue {
    inner: BatchSpanProcessor,
    most: usize,
    waiting: Waiting,
    lost: Lost,
}

impl Queue {
    pub(super) fn new(inner: BatchSpanProcessor, most: usize, waiting: Waiting, lost: Lost) -> Self {
        Self { inner, most, waiting, lost }
    }
}

impl SpanProcessor for Queue {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.inner.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.waiting.admit(self.most) {
            self.inner.on_end(span);
        } else {
            self.lost.add(1);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}
