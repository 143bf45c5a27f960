//! Logs: lines on stderr. Stdout belongs to the ready line and to commands.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

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
    let registry = tracing_subscriber::registry().with(EnvFilter::new(filter));
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    // A second start is a test's: the first one stays.
    let _ = match format {
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
        LogFormat::Pretty => registry.with(lines.compact().with_target(false)).try_init(),
    };
}
