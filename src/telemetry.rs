//! What the process tells of itself: logs and metrics.

mod logs;
mod metrics;
mod transport;

pub use logs::{LogFormat, finish as finish_logs, start as start_logs};
pub use metrics::{CallsOf, Metrics};
