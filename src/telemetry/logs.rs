//! Logs: lines on stderr. Stdout belongs to the ready line and to commands.
//!
//! A thread of its own writes them: whoever reads them slowly, holds nothing up. What
//! does not fit into its queue is lost, and counted. Nothing that a caller sends makes a
//! line, or a field of one ([`json`], [`pretty`]).

mod json;
mod pretty;
#[cfg(test)]
mod tests;

use std::{
    io::IsTerminal,
    panic::PanicHookInfo,
    sync::{Mutex, OnceLock, PoisonError},
};

use tower::BoxError;
use tracing::Subscriber;
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{
    EnvFilter, Layer, filter::filter_fn, fmt, fmt::MakeWriter, layer::SubscriberExt, registry::LookupSpan,
    util::SubscriberInitExt,
};

use super::traces;
use crate::config::Traces;

/// Lines that wait to be written.
const QUEUE: usize = 16_384;

static WRITER: Mutex<Option<WorkerGuard>> = Mutex::new(None);
static LOST: OnceLock<ErrorCounter> = OnceLock::new();

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Pretty,
}

/// Starts logging for the whole process, and traces where there are to be any; later
/// calls change nothing. `filter` is in the form of `tracing_subscriber::EnvFilter`.
///
/// # Errors
///
/// Nothing can be sent to the collector of the traces as it is set.
pub fn start(filter: &str, format: LogFormat, traces: Option<&Traces>) -> Result<(), BoxError> {
    let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(QUEUE).thread_name("log");
    let (writer, guard) = builder.finish(std::io::stderr());
    let lost = writer.error_counter();
    let is_terminal = std::io::stderr().is_terminal();
    // Spans of traces are no matter of the log.
    let filter = EnvFilter::new(format!("{filter},{}=off", traces::TARGET));
    let (started, running) = match traces {
        // One filter for all: what is filtered out costs nothing.
        None => {
            let registry = tracing_subscriber::registry().with(filter);
            (registry.with(lines(format, is_terminal, writer)).try_init(), None)
        }
        Some(traces) => {
            let (spans, running) = traces::layer(traces)?;
            let only_spans = filter_fn(|metadata| metadata.is_span() && metadata.target() == traces::TARGET);
            let lines = lines(format, is_terminal, writer).with_filter(filter);
            let registry = tracing_subscriber::registry().with(lines).with(spans.with_filter(only_spans));
            (registry.try_init(), Some(running))
        }
    };
    // A second start is a test's: the first one stays.
    if started.is_ok() {
        let _ = LOST.set(lost);
        *WRITER.lock().unwrap_or_else(PoisonError::into_inner) = Some(guard);
        running.into_iter().for_each(traces::keep);
        log_panics();
    }
    Ok(())
}

/// What writes lines in a format.
fn lines<S, W>(format: LogFormat, is_terminal: bool, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_writer(writer).with_ansi(is_terminal);
    match format {
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_current_span(false).with_span_list(false);
            Box::new(lines.map_event_format(json::Line))
        }
        LogFormat::Pretty => Box::new(lines.compact().with_target(false).fmt_fields(pretty::Fields)),
    }
}

/// A panic is a line, too. Where it happened, and not what it says: that may quote anything.
fn log_panics() {
    let of_main = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic: &PanicHookInfo<'_>| {
        // The process ends with its main thread, before a line is written.
        if std::thread::current().name() == Some("main") {
            return of_main(panic);
        }
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, "a defect: panicked");
    }));
}

/// Sends and writes what waits, before the process ends.
pub fn finish() {
    traces::finish();
    drop(WRITER.lock().unwrap_or_else(PoisonError::into_inner).take());
}

/// How many lines were lost so far.
pub(super) fn lost() -> u64 {
    LOST.get().map_or(0, |lost| u64::try_from(lost.dropped_lines()).unwrap_or(u64::MAX))
}
