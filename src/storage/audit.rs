//! The audit log: rows are added and read, never changed.

use async_trait::async_trait;
use uuid::Uuid;

use super::Result;
use crate::domain::{Event, Timestamp};

/// A row as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// Rising, without meaning.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// [`crate::domain::EventKind::as_str`].
    pub kind: String,
    /// Whose account.
    pub user_id: Option<Uuid>,
    /// Which session.
    pub session_id: Option<Uuid>,
    /// Which client.
    pub client_id: Option<String>,
    /// [`crate::domain::Event::mailbox`].
    pub mailbox: Option<Vec<u8>>,
    /// From which address.
    pub address: Option<String>,
    /// Of which call.
    pub request_id: String,
}

/// The audit log.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Adds events that belong to no other write.
    async fn record(&self, events: &[Event]) -> Result<()>;

    /// At most `limit` rows after `after`, oldest first.
    async fn list(&self, after: i64, limit: u32) -> Result<Vec<AuditRow>>;

    /// At most `limit` rows before `before`, of one person or of all, newest first.
    async fn recent(&self, before: i64, user_id: Option<Uuid>, limit: u32) -> Result<Vec<AuditRow>>;
}
