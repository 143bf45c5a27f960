//! What spans are sent to.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use http::HeaderMap;
use opentelemetry_otlp::{SpanExporter, WithTonicConfig};
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    trace::{SpanData, SpanExporter as Export},
};
use tokio::runtime::Handle;
use tonic::{
    metadata::MetadataMap,
    transport::{Certificate, Channel, ClientTlsConfig, Endpoint},
};
use tower::BoxError;

use super::queue::{Lost, Waiting};
use crate::config::Traces;

/// One tries to deliver, and is told when that fails.
#[derive(Debug)]
pub(super) struct Collector {
    exporter: Arc<SpanExporter>,
    runtime: Handle,
    timeout: Duration,
    waiting: Waiting,
    lost: Lost,
    is_away: AtomicBool,
}

impl Collector {
    /// Does not connect. `runtime` does the work.
    pub(super) fn new(traces: &Traces, runtime: Handle, waiting: Waiting, lost: Lost) -> Result<Self, BoxError> {
        let channel = {
            let _within = runtime.enter();
            channel(traces)?
        };
        let headers: HeaderMap = traces.headers.iter().cloned().collect();
        let exporter = SpanExporter::builder()
            .with_tonic()
            .with_channel(channel)
            .with_metadata(MetadataMap::from_headers(headers))
            .build()?;
        let (exporter, timeout) = (Arc::new(exporter), traces.timeout);
        Ok(Self { exporter, runtime, timeout, waiting, lost, is_away: AtomicBool::new(false) })
    }

    async fn deliver(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let (exporter, timeout) = (self.exporter.clone(), self.timeout);
        // With all tries, so that a collector which is slow costs what waits, and no more.
        let delivery = async move { tokio::time::timeout(timeout, exporter.export(batch)).await };
        match self.runtime.spawn(delivery).await {
            Ok(Ok(delivered)) => delivered,
            Ok(Err(_)) => Err(OTelSdkError::Timeout(timeout)),
            Err(error) => Err(OTelSdkError::InternalFailure(error.to_string())),
        }
    }

    /// One line at each change, however long it lasts.
    fn note(&self, delivered: &OTelSdkResult) {
        match delivered {
            Ok(()) => {
                if self.is_away.swap(false, Relaxed) {
                    tracing::info!(lost = self.lost.number(), "traces are delivered again");
                }
            }
            Err(error) => {
                if !self.is_away.swap(true, Relaxed) {
                    tracing::warn!(%error, "traces are not delivered; what does not fit into the queue is lost");
                }
            }
        }
    }
}

impl Export for Collector {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        self.waiting.leave(spans);
        let delivered = self.deliver(batch).await;
        if delivered.is_err() {
            self.lost.add(spans);
        }
        self.note(&delivered);
        delivered
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        // Nobody else has it before the first batch.
        if let Some(exporter) = Arc::get_mut(&mut self.exporter) {
            exporter.set_resource(resource);
        }
    }
}

fn channel(traces: &Traces) -> Result<Channel, BoxError> {
    let endpoint = Endpoint::from(traces.endpoint.clone()).timeout(traces.timeout).connect_timeout(traces.timeout);
    if traces.endpoint.scheme_str() != Some("https") {
        return Ok(endpoint.connect_lazy());
    }
    let tls = match &traces.authorities {
        Some(authorities) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authorities)),
        None => ClientTlsConfig::new().with_native_roots(),
    };
    Ok(endpoint.tls_config(tls)?.connect_lazy())
}
