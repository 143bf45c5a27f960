//! Traces: spans of sampled calls, sent to a collector by OTLP over gRPC.
//!
//! Nothing of them is there unless a collector is set: no layer, no span, no thread. With
//! one, a call has a span of its own, so that lines of the log can name its trace; what
//! is within a call has spans only if the call is sampled. No line of the log becomes
//! part of a span: lines say who did something, spans never.

mod collector;
mod queue;
mod spans;

use std::{
    io,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use opentelemetry::{
    Context, KeyValue,
    trace::{SpanId, TraceContextExt, TraceId, TracerProvider},
};
use opentelemetry_sdk::{
    Resource,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracer, SdkTracerProvider},
};
use tokio::runtime::Runtime;
use tower::BoxError;
use tracing::Subscriber;
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::registry::LookupSpan;

pub(crate) use self::spans::{
    Caller, Surface, answered, asked, call, hashing, mail, mail_delivery, notice, outcome, refused, responded, routed,
    store, waiting_for_hasher,
};
use self::{collector::Collector, queue::Queue};
use crate::config::{Sampling, Traces};

/// The target of every span of a trace, and of nothing else.
pub(super) const TARGET: &str = "sekisho::trace";
/// For what waits when the process ends.
const FLUSH: Duration = Duration::from_secs(5);

static IS_ON: AtomicBool = AtomicBool::new(false);
static LOST: OnceLock<queue::Lost> = OnceLock::new();
static RUNNING: Mutex<Option<Running>> = Mutex::new(None);

/// What ends with the process.
pub(super) struct Running {
    provider: SdkTracerProvider,
    lost: queue::Lost,
    runtime: Runtime,
}

/// Whether there are traces. Before the service starts, or never.
pub(crate) fn is_on() -> bool {
    IS_ON.load(Relaxed)
}

/// What makes spans of a trace from those of `tracing`. Nothing is sent before [`keep`].
pub(super) fn layer<S>(traces: &Traces) -> Result<(OpenTelemetryLayer<S, SdkTracer>, Running), BoxError>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let runtime = runtime()?;
    let lost = queue::Lost::default();
    let waiting = queue::Waiting::default();
    let collector = Collector::new(traces, runtime.handle().clone(), waiting.clone(), lost.clone())?;
    let batches = BatchConfigBuilder::default()
        .with_max_queue_size(traces.queue)
        .with_max_export_batch_size(traces.batch)
        .with_scheduled_delay(traces.delay)
        .build();
    let processor = BatchSpanProcessor::builder(collector).with_batch_config(batches).build();
    let resource = traces.resource.iter().map(|(key, value)| KeyValue::new(key.clone(), value.clone()));
    let provider = SdkTracerProvider::builder()
        .with_span_processor(Queue::new(processor, traces.queue, waiting, lost.clone()))
        .with_sampler(sampler(traces.sampling))
        .with_resource(Resource::builder_empty().with_attributes(resource).build())
        .build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer(env!("CARGO_PKG_NAME")))
        .with_location(false)
        .with_target(false)
        .with_threads(false)
        .with_tracked_inactivity(false);
    Ok((layer, Running { provider, lost, runtime }))
}

/// From now on there are traces, until [`finish`].
pub(super) fn keep(running: Running) {
    let _ = LOST.set(running.lost.clone());
    *RUNNING.lock().unwrap_or_else(PoisonError::into_inner) = Some(running);
    IS_ON.store(true, Relaxed);
}

/// Sends what waits, before the process ends; not for long.
pub(super) fn finish() {
    let running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(Running { provider, runtime, .. }) = running else { return };
    if let Err(error) = provider.shutdown_with_timeout(FLUSH) {
        tracing::warn!(%error, "the last spans were not delivered");
    }
    runtime.shutdown_background();
}

/// How many spans were lost so far.
pub(super) fn lost() -> u64 {
    LOST.get().map_or(0, queue::Lost::number)
}

/// The trace and the span that this thread works on, if any.
pub(super) fn current() -> Option<(TraceId, SpanId)> {
    if !is_on() {
        return None;
    }
    Context::map_current(|context| {
        let span = context.span();
        let context = span.span_context();
        context.is_valid().then(|| (context.trace_id(), context.span_id()))
    })
}

/// One thread apart from those that serve: a collector that is slow holds up none of them.
fn runtime() -> io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).thread_name("traces").enable_all().build()
}

fn sampler(Sampling { ratio, follows_parent }: Sampling) -> Sampler {
    // Not by the number of the trace where it need not be.
    let root = if ratio >= 1.0 {
        Sampler::AlwaysOn
    } else if ratio <= 0.0 {
        Sampler::AlwaysOff
    } else {
        Sampler::TraceIdRatioBased(ratio)
    };
    if follows_parent { Sampler::ParentBased(Box::new(root)) } else { root }
}
