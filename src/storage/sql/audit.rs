//! [`Audit`] on SQL.

use async_trait::async_trait;
use sqlx::{Sqlite, Transaction, sqlite::SqliteRow};

use super::{Result, SqlStore, commit, convert::Columns, unavailable};
use crate::{
    domain::Event,
    storage::audit::{Audit, AuditRow},
};

const INSERT: &str = "INSERT INTO audit_events (at, kind, user_id, session_id, client_id, mailbox, address, \
     request_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const LIST: &str = "SELECT * FROM audit_events WHERE seq > $1 ORDER BY seq LIMIT $2";

/// Adds an event to a transaction that is open.
pub(super) async fn insert(tx: &mut Transaction<'static, Sqlite>, event: &Event) -> Result<()> {
    let query = sqlx::query(INSERT)
        .bind(event.at)
        .bind(event.kind.as_str())
        .bind(event.user_id.map(|id| id.0))
        .bind(event.session_id.map(|id| id.0))
        .bind(event.client_id.as_ref().map(|id| id.as_str().to_owned()))
        .bind(event.mailbox.map(|digest| digest.to_vec()))
        .bind(event.origin.address.map(|address| address.to_string()))
        .bind(event.origin.request_id.clone());
    query.execute(&mut **tx).await.map_err(unavailable)?;
    Ok(())
}

fn audit_row(row: &SqliteRow) -> Result<AuditRow> {
    let columns = Columns(row);
    Ok(AuditRow {
        seq: columns.get("seq")?,
        at: columns.get("at")?,
        kind: columns.get("kind")?,
        user_id: columns.get("user_id")?,
        session_id: columns.get("session_id")?,
        client_id: columns.get("client_id")?,
        address: columns.get("address")?,
        request_id: columns.get("request_id")?,
    })
}

#[async_trait]
impl Audit for SqlStore {
    async fn record(&self, events: &[Event]) -> Result<()> {
        self.timed("audit.record", async {
            let mut tx = self.begin().await?;
            for event in events {
                insert(&mut tx, event).await?;
            }
            commit(tx).await
        })
        .await
    }

    async fn list(&self, after: i64, limit: u32) -> Result<Vec<AuditRow>> {
        self.timed("audit.list", async {
            let query = sqlx::query(LIST).bind(after).bind(i64::from(limit));
            let rows = query.fetch_all(&self.readers).await.map_err(unavailable)?;
            rows.iter().map(audit_row).collect()
        })
        .await
    }
}
