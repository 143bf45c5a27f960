//! The revocation journal: the truth about what was taken back.
//!
//! A volatile store may lose its last writes. What is in the journal is applied
//! to it again before refreshes are served.

use async_trait::async_trait;

use super::Result;
use crate::domain::{Event, Notice, Revocation, Timestamp, TokenId};

/// How far the journal goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extent {
    /// The name of the history that its numbers count; empty before the first.
    pub epoch: String,
    /// The highest number there is. Falls only where lines were lost.
    pub highest: i64,
}

/// The journal.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Adds revocations, events and the notices that tell people of them; the
    /// numbers of the revocations, in order. A revocation of a whole user also
    /// raises the account's `not_before`.
    ///
    /// Numbers rise in the order in which revocations come to be seen: whoever has
    /// read one need never look below it again.
    async fn append(&self, revocations: &[Revocation], events: &[Event], notices: &[Notice]) -> Result<Vec<i64>>;

    /// Adds the revocation of one session or token, with its event and notice, unless
    /// it was taken back before; its number, or that of the line that is there,
    /// and whether it is new.
    async fn append_once(&self, revocation: &Revocation, event: &Event, notice: Option<&Notice>)
    -> Result<(i64, bool)>;

    /// At most `limit` revocations after `after` that have not expired, in
    /// order, each with its number.
    async fn live(&self, after: i64, now: Timestamp, limit: u32) -> Result<Vec<(i64, Revocation)>>;

    /// Whether an access token was taken back by itself.
    async fn has_token(&self, id: TokenId) -> Result<bool>;

    /// At most `limit` revocations below `before`, expired or not, the latest first.
    async fn latest(&self, before: i64, limit: u32) -> Result<Vec<(i64, Revocation)>>;

    /// How far it goes.
    async fn extent(&self) -> Result<Extent>;

    /// Puts `new` in the place of the epoch `old`. `false`: it was another by now.
    async fn replace_epoch(&self, old: &str, new: &str) -> Result<bool>;

    /// Removes at most `limit` revocations that have expired; how many. The last
    /// one stays, for its number.
    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u64>;
}
