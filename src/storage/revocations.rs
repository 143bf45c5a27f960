//! The stream of revocations: news for whoever checks access tokens.
//!
//! News only. The truth is the [journal](super::Journal); what a stream that
//! fails over loses is found there.

use async_trait::async_trait;

use super::Result;
use crate::domain::{Revocation, Timestamp};

/// A place in the stream, of no meaning elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(pub String);

/// Lines of the journal, each with its number.
pub type Numbered = (i64, Revocation);

/// The stream.
#[async_trait]
pub trait Revocations: Send + Sync {
    /// Adds lines; one that is added twice is read twice.
    async fn publish(&self, lines: &[Numbered]) -> Result<()>;

    /// At most `limit` lines after a place that have not expired, oldest first;
    /// without a place, from the oldest that is kept.
    async fn after(&self, cursor: Option<&Cursor>, now: Timestamp, limit: u32) -> Result<Vec<(Cursor, Numbered)>>;
}
