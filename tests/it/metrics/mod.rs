//! The metrics: each tells of what happened, and of nothing else.

mod alone;
mod stores;
mod two_servers;
