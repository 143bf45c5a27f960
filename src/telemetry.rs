//! What the process tells of itself: logs, metrics and traces.

mod audit;
mod by_word;
mod calls;
mod catalog;
pub mod document;
mod ext_authz;
mod feed;
mod flows;
mod keys;
mod known;
mod logs;
mod mail;
mod metrics;
mod passwords;
mod process;
mod stores;
pub(crate) mod traces;
mod transport;

pub use calls::{CallCounts, Counting};
pub use catalog::{Described, Values};
pub use logs::{LogFormat, finish, start};
pub use metrics::Metrics;
