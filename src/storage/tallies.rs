//! Numbers of the whole deployment. One server counts for all of them, for to count
//! takes time.

use async_trait::async_trait;

use super::Result;
use crate::domain::Timestamp;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tally {
    /// The live sessions.
    Sessions,
}

impl Tally {
    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sessions => "sessions",
        }
    }
}

/// The table of them.
#[async_trait]
pub trait Tallies: Send + Sync {
    /// Whether a number is due, and the caller is to count: until `until` nobody else is.
    async fn claim(&self, tally: Tally, now: Timestamp, until: Timestamp) -> Result<bool>;

    /// Writes a number down, and when it is due again.
    async fn put(&self, tally: Tally, number: u64, due_at: Timestamp) -> Result<()>;

    /// What was counted last.
    async fn get(&self, tally: Tally) -> Result<Option<u64>>;
}
