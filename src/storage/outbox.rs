//! Notices that are to be mailed. [`super::Journal::append`] adds them, together
//! with what they tell of.
//!
//! Each is delivered at least once, and twice only where a worker, or the store,
//! went away between the delivery and [`Outbox::remove`].

use async_trait::async_trait;

use super::Result;
use crate::domain::{Notice, Timestamp};

/// A notice that a worker holds until its lease runs out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased {
    /// Of the notice.
    pub id: i64,
    /// Leases up to now, this one included: the number that tells this worker
    /// from any that held the notice before it.
    pub attempts: u32,
    /// What to deliver.
    pub notice: Notice,
}

/// What a worker has taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// To be delivered, those that are due longest first.
    pub notices: Vec<Leased>,
    /// How many more cannot be read, as of a later version: they are left to others.
    pub unreadable: usize,
}

/// How many notices there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// In all.
    pub all: u64,
    /// Those that are being delivered or could be.
    pub due: u64,
    /// When the oldest of all was written.
    pub oldest: Option<Timestamp>,
}

/// The outbox.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// At most `limit` notices that are due and that nobody holds, those that are
    /// due longest first. Until `until` nobody else gets them.
    async fn lease(&self, now: Timestamp, until: Timestamp, limit: u32) -> Result<Batch>;

    /// Removes a notice that was delivered or given up. `false`: somebody else has
    /// it by now.
    async fn remove(&self, leased: &Leased) -> Result<bool>;

    /// Puts a notice back, due at `at`. `false`: somebody else has it by now.
    async fn retry(&self, leased: &Leased, at: Timestamp) -> Result<bool>;

    /// How many there are.
    async fn backlog(&self, now: Timestamp) -> Result<Backlog>;
}
