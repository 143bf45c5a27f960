//! What flows need of a store, in small traits by purpose. The durable ones
//! ([`Accounts`], [`Journal`], [`Outbox`], [`Audit`], [`AuditChain`], [`SigningKeys`],
//! [`ServiceAccounts`], [`ServiceIdentities`], [`Tallies`]) are SQL; the volatile ones
//! ([`Sessions`], [`Codes`], [`Limits`], [`Revocations`]) may also live in Redis.
//!
//! Every method is atomic. A method that fails with [`StoreError::Unavailable`]
//! may or may not have happened.

pub mod accounts;
pub mod audit;
pub mod audit_chain;
pub mod codes;
pub mod fence;
pub mod journal;
pub mod limits;
pub mod local_limits;
pub mod outbox;
pub mod probe;
pub mod redis;
pub mod revocations;
pub mod service_accounts;
pub mod service_identities;
pub mod sessions;
pub mod signing_keys;
pub mod sql;
pub mod tallies;

use std::sync::Arc;

pub use accounts::Accounts;
pub use audit::Audit;
pub use audit_chain::AuditChain;
pub use codes::Codes;
pub use fence::Fence;
pub use journal::Journal;
pub use limits::Limits;
pub use outbox::Outbox;
pub use probe::Probe;
pub use revocations::Revocations;
pub use service_accounts::ServiceAccounts;
pub use service_identities::ServiceIdentities;
pub use sessions::Sessions;
pub use signing_keys::SigningKeys;
pub use tallies::Tallies;

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It does not answer, or not in time.
    #[error("the store does not answer: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A row that cannot be read.
    #[error("unreadable row: {0}")]
    Corrupt(String),
}

/// A store's answer.
pub type Result<T> = std::result::Result<T, StoreError>;

/// One of each.
#[derive(Clone)]
pub struct Stores {
    /// People's accounts.
    pub accounts: Arc<dyn Accounts>,
    /// What happened.
    pub audit: Arc<dyn Audit>,
    /// What shows that it was not changed since.
    pub audit_chain: Arc<dyn AuditChain>,
    /// What was taken back.
    pub journal: Arc<dyn Journal>,
    /// What people are to be told of.
    pub outbox: Arc<dyn Outbox>,
    /// What access tokens are signed with.
    pub signing_keys: Arc<dyn SigningKeys>,
    /// Services that ask for tokens of their own.
    pub service_accounts: Arc<dyn ServiceAccounts>,
    /// Whose certificates are those of which.
    pub service_identities: Arc<dyn ServiceIdentities>,
    /// Numbers of the whole deployment.
    pub tallies: Arc<dyn Tallies>,
    /// Who is signed in where.
    pub sessions: Arc<dyn Sessions>,
    /// Codes that wait to be presented.
    pub codes: Arc<dyn Codes>,
    /// How much is left of each budget.
    pub limits: Arc<dyn Limits>,
    /// News of what was taken back.
    pub revocations: Arc<dyn Revocations>,
}
