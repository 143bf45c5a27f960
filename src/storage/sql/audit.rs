//! [`Audit`] on SQL.

use async_trait::async_trait;
use uuid::Uuid;

use super::{
    Result, SqlStore,
    engine::{Alone, Tx, sql},
    row::Row,
};
use crate::{
    domain::Event,
    storage::audit::{Audit, AuditRow},
};

const INSERT: &str = "INSERT INTO audit_events (at, kind, user_id, session_id, client_id, mailbox, address, \
     request_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
/// The transaction has its number before the row has one: whoever seals takes rows for settled
/// when no transaction is open that could have an earlier one.
const INSERT_ON_POSTGRESQL: &str = "WITH own AS MATERIALIZED (SELECT pg_current_xact_id()) \
     INSERT INTO audit_events (at, kind, user_id, session_id, client_id, mailbox, address, request_id) \
     SELECT $1, $2, $3, $4, $5, $6, $7, $8 FROM own";

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT seq, at, kind, user_id, session_id, client_id, mailbox, address, request_id FROM audit_events WHERE ",
            $rest
        )
    };
}

const LIST: &str = select!("seq > $1 ORDER BY seq LIMIT $2");
const RECENT: &str = select!("seq < $1 ORDER BY seq DESC LIMIT $2");
const RECENT_OF_USER: &str = select!("seq < $1 AND user_id = $3 ORDER BY seq DESC LIMIT $2");

/// Adds an event to a transaction that is open.
pub(super) async fn insert(tx: &mut Tx, event: &Event) -> Result<()> {
    let text = match tx {
        Tx::Sqlite(_) => INSERT,
        Tx::Postgres(_) => INSERT_ON_POSTGRESQL,
    };
    let query = sql(text)
        .bind(event.at)
        .bind(event.kind.as_str())
        .bind(event.user_id.map(|id| id.0))
        .bind(event.session_id.map(|id| id.0))
        .bind(event.client_id.as_ref().map(|id| id.as_str().to_owned()))
        .bind(event.mailbox.map(|digest| digest.to_vec()))
        .bind(event.origin.address.map(|address| address.to_string()))
        .bind(event.origin.request_id.to_string());
    query.run(tx).await?;
    Ok(())
}

/// From the columns of an event.
pub(super) fn audit_row(row: &Row) -> Result<AuditRow> {
    Ok(AuditRow {
        seq: row.get("seq")?,
        at: row.get("at")?,
        kind: row.get("kind")?,
        user_id: row.get("user_id")?,
        session_id: row.get("session_id")?,
        client_id: row.get("client_id")?,
        mailbox: row.get("mailbox")?,
        address: row.get("address")?,
        request_id: row.get("request_id")?,
    })
}

#[async_trait]
impl Audit for SqlStore {
    async fn record(&self, events: &[Event]) -> Result<()> {
        self.timed("audit.record", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            for event in events {
                insert(&mut tx, event).await?;
            }
            tx.commit().await
        })
        .await
    }

    async fn list(&self, after: i64, limit: u32) -> Result<Vec<AuditRow>> {
        self.timed("audit.list", async {
            let query = sql(LIST).bind(after).bind(limit);
            let rows = query.read_all(&self.pools).await?;
            rows.iter().map(audit_row).collect()
        })
        .await
    }

    async fn recent(&self, before: i64, user_id: Option<Uuid>, limit: u32) -> Result<Vec<AuditRow>> {
        self.timed("audit.recent", async {
            let query = match user_id {
                None => sql(RECENT).bind(before).bind(limit),
                Some(id) => sql(RECENT_OF_USER).bind(before).bind(limit).bind(id),
            };
            let rows = query.read_all(&self.pools).await?;
            rows.iter().map(audit_row).collect()
        })
        .await
    }
}
