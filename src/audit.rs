//! The audit log beyond its rows: sealing them ([`Sealer`]), looking whether they are
//! what was sealed ([`verify`]), removing old ones ([`retention`]), and reading them
//! ([`search`], [`report`], [`line`](mod@line)). `docs/audit.md` says what all of it is worth.

pub mod chain;
pub mod document;
pub mod line;
pub mod report;
pub mod retention;
mod seal;
pub mod search;
pub mod verify;

pub use seal::Sealer;

use crate::{error::Error, storage::StoreError};

/// What shows that the log was changed by somebody else. Numbers are those of links
/// ([`crate::storage::audit_chain::Point`]) and of events ([`crate::storage::audit::AuditRow::seq`]).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// An event that was sealed is not there.
    #[error("event {seq} (link {number}) is gone")]
    EventGone {
        /// Of the link.
        number: i64,
        /// Of the event.
        seq: i64,
    },
    /// An event, its link or the order of links is not what it was.
    #[error("event {seq} (link {number}) was changed, or is not in its place")]
    EventChanged {
        /// Of the link.
        number: i64,
        /// Of the event.
        seq: i64,
    },
    /// A link is not there, and others after it are.
    #[error("link {number} is gone")]
    LinkGone {
        /// Of the link.
        number: i64,
    },
    /// The newest links are not there.
    #[error("link {number} and all after it, up to {last}, are gone")]
    CutShort {
        /// Of the first that is gone.
        number: i64,
        /// Of the last that was sealed.
        last: i64,
    },
    /// Links were made anew to fit events that were changed.
    #[error("one of the links {first} to {last}, or its event, was changed, and the links after it made anew")]
    MadeAnew {
        /// Of the first that may be false.
        first: i64,
        /// Of the first that does not fit its seal.
        last: i64,
    },
    /// A link that was not sealed.
    #[error("link {number} comes after the end of the chain")]
    Beyond {
        /// Of the link.
        number: i64,
    },
    /// An event without a link among those that have one.
    #[error("event {seq} was put in among events that are sealed")]
    PutIn {
        /// Of the event.
        seq: i64,
    },
    /// The record of both ends of the chain is not ours.
    #[error("the record of both ends of the chain (table audit_chain) was changed")]
    EndsChanged,
    /// The same, or the secret that it was sealed under is not known any more.
    #[error(
        "the ends of the chain are sealed under a secret that is neither SEKISHO_SECRET nor SEKISHO_SECRET_PREVIOUS"
    )]
    UnknownKey,
    /// The chain ends before a link that is known to have been there.
    #[error("the chain ends at link {last}, and has ended at link {known} before")]
    WentBack {
        /// Where it ends.
        last: i64,
        /// Where it has ended.
        known: i64,
    },
    /// A link is not the one that was noted elsewhere.
    #[error("link {number} is not the one that was noted")]
    NotAsNoted {
        /// Of the link.
        number: i64,
    },
}

/// Why the log could not be worked on.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It was changed by somebody else.
    #[error("the audit log was changed behind the service's back: {0}")]
    Broken(#[from] Broken),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Store(error) => error.into(),
            broken @ Fault::Broken(_) => Self::internal(broken),
        }
    }
}
