//! Logs: lines on stderr. Stdout belongs to the ready line and to commands.
//!
//! A thread of its own writes them: whoever reads them slowly, holds nothing up. What
//! does not fit into its queue is lost, and counted.

use std::{
    io::IsTerminal,
    sync::{Mutex, OnceLock, PoisonError},
};

use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

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

/// Starts logging for the whole process; later calls change nothing. `filter`
/// is in the form of `tracing_subscriber::EnvFilter`.
pub fn start(filter: &str, format: LogFormat) {
    let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(QUEUE).thread_name("log");
    let (writer, guard) = builder.finish(std::io::stderr());
    let lost = writer.error_counter();
    let registry = tracing_subscriber::registry().with(EnvFilter::new(filter));
    let lines = fmt::layer().with_writer(writer).with_ansi(std::io::stderr().is_terminal());
    let started = match format {
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
        LogFormat::Pretty => registry.with(lines.compact().with_target(false)).try_init(),
    };
    // A second start is a test's: the first one stays.
    if started.is_ok() {
        let _ = LOST.set(lost);
        *WRITER.lock().unwrap_or_else(PoisonError::into_inner) = Some(guard);
    }
}

/// Writes what waits, before the process ends.
pub fn finish() {
    drop(WRITER.lock().unwrap_or_else(PoisonError::into_inner).take());
}

/// How many lines were lost so far.
pub(super) fn lost() -> u64 {
    LOST.get().map_or(0, |lost| u64::try_from(lost.dropped_lines()).unwrap_or(u64::MAX))
}
