//! The chain over the audit log: which events were sealed, in which order, and what
//! shows that they were not changed since. What is kept here is made and checked by
//! [`crate::audit`].

use async_trait::async_trait;

use super::{Result, audit::AuditRow};
use crate::{crypto::secrets::Mac, domain::Timestamp};

/// A link of the chain, without its event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// Counts the links, from 1 and without gaps.
    pub number: i64,
    /// Covers the event, and every link before.
    pub hash: [u8; 32],
}

/// An event's link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its place in the chain.
    pub point: Point,
    /// [`AuditRow::seq`] of the event.
    pub seq: i64,
}

/// Both ends of the chain, and how far the log was looked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    /// When it began.
    pub begun_at: Timestamp,
    /// The last link whose event has been removed for its age; number 0 before that.
    pub removed: Point,
    /// The last link.
    pub last: Point,
    /// Every event up to this [`AuditRow::seq`] has its link, and none is added any more.
    pub settled: i64,
    /// The highest that was seen when `horizon` was noted.
    pub seen: i64,
    /// The first transaction that had not begun by then; all before it may still add
    /// events up to `seen`.
    pub horizon: i64,
}

/// That the chain was ours up to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seal {
    /// When it was made.
    pub at: Timestamp,
    /// Over the link and the time.
    pub mac: Mac,
}

/// Events without a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsealed {
    /// In the order of their numbers.
    pub rows: Vec<AuditRow>,
    /// As `rows` were read: every transaction before this one had ended. A back end
    /// whose events come to be seen in the order of their numbers says 0.
    pub oldest_open: i64,
    /// As `rows` were read: the first transaction that had not begun, or 0.
    pub next_transaction: i64,
}

/// A link with what belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedRow {
    /// The link.
    pub link: Link,
    /// Its event, if that is still there.
    pub row: Option<AuditRow>,
    /// The seal over this and all links before, if one was made here.
    pub seal: Option<Seal>,
}

/// The chain over the audit log. Many may work on it at once: a change names the chain
/// that it was made from, and is none if that is not the current one.
#[async_trait]
pub trait AuditChain: Send + Sync {
    /// The chain, unless none was begun.
    async fn chain(&self) -> Result<Option<(Chain, Mac)>>;

    /// Begins one; `false`: there is one.
    async fn begin(&self, chain: &Chain, mac: &Mac) -> Result<bool>;

    /// At most `limit` events after `after` that have no link, in order.
    async fn unsealed(&self, after: i64, limit: u32) -> Result<Unsealed>;

    /// Puts `to` in the place of the chain with the MAC `from`, and adds links and a
    /// seal over the last; `false`: it was changed meanwhile.
    async fn extend(&self, from: &Mac, to: (&Chain, &Mac), links: &[Link], seal: Option<&Seal>) -> Result<bool>;

    /// Puts `to` in the place of the chain with the MAC `from`, and removes all links up
    /// to [`Chain::removed`] with their events; `false`: it was changed meanwhile.
    async fn shorten(&self, from: &Mac, to: (&Chain, &Mac)) -> Result<bool>;

    /// At most `limit` links after a number, in order.
    async fn links(&self, after: i64, limit: u32) -> Result<Vec<LinkedRow>>;

    /// The numbers of at most `limit` events after `after`, in order, and whether each
    /// has a link.
    async fn sealed(&self, after: i64, limit: u32) -> Result<Vec<(i64, bool)>>;
}
