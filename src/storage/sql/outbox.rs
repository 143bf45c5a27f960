//! [`Outbox`] on SQL.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{
    Result, SqlStore,
    engine::{Alone, Query, Tx, sql},
    row::{Row, corrupt},
};
use crate::{
    domain::{Email, Locale, Name, Notice, NoticeKind, Timestamp, notice::AccountNews},
    storage::outbox::{Backlog, Batch, Leased, Outbox},
};

const INSERT: &str = "INSERT INTO outbox (kind, recipient, locale, parameters, created_at, attempts, next_attempt_at) \
     VALUES ($1, $2, $3, $4, $5, 0, $5)";
const LEASE: &str = "UPDATE outbox SET attempts = attempts + 1, leased_until = $2 WHERE id IN \
     (SELECT id FROM outbox WHERE next_attempt_at <= $1 AND (leased_until IS NULL OR leased_until <= $1) \
     ORDER BY next_attempt_at, id LIMIT $3) RETURNING *";
const REMOVE: &str = "DELETE FROM outbox WHERE id = $1 AND attempts = $2";
const RETRY: &str = "UPDATE outbox SET next_attempt_at = $3, leased_until = NULL WHERE id = $1 AND attempts = $2";
const BACKLOG: &str = "SELECT COUNT(*) AS total, COUNT(CASE WHEN next_attempt_at <= $1 THEN 1 END) AS due, \
     MIN(created_at) AS oldest FROM outbox";

/// Adds a notice to a transaction that is open.
pub(super) async fn insert(tx: &mut Tx, notice: &Notice) -> Result<()> {
    let query = sql(INSERT)
        .bind(notice.kind.as_str())
        .bind(notice.to.as_str())
        .bind(notice.locale.tag())
        .bind(parameters(&notice.kind))
        .bind(notice.at);
    query.run(tx).await?;
    Ok(())
}

fn parameters(kind: &NoticeKind) -> Value {
    match kind {
        NoticeKind::SessionEnded { device, address } | NoticeKind::Account { device, address, .. } => {
            json!({"device": device.as_str(), "address": address})
        }
    }
}

fn kind(word: &str, parameters: &Value) -> Option<NoticeKind> {
    let device = Name::parse(parameters["device"].as_str()?).ok()?;
    let address = serde_json::from_value(parameters["address"].clone()).ok()?;
    match word {
        "session_ended" => Some(NoticeKind::SessionEnded { device, address }),
        _ => AccountNews::parse(word).map(|what| NoticeKind::Account { what, device, address }),
    }
}

fn leased(row: &Row) -> Result<Leased> {
    let parameters: Value = row.get("parameters")?;
    let notice = Notice {
        at: row.get("created_at")?,
        to: row.parsed("recipient", Email::stored)?,
        locale: row.parsed("locale", |tag| Locale::parse(tag).ok_or(()))?,
        kind: row.parsed("kind", |word| kind(word, &parameters).ok_or(()))?,
    };
    Ok(Leased { id: row.get("id")?, attempts: row.number("attempts")?, notice })
}

/// Those that can be read, in the order in which they are due: `RETURNING` has none.
fn readable(rows: &[Row]) -> Result<Batch> {
    let mut due: Vec<(Timestamp, Leased)> = Vec::with_capacity(rows.len());
    for row in rows {
        match leased(row) {
            Ok(leased) => due.push((row.get("next_attempt_at")?, leased)),
            Err(error) => {
                let id: i64 = row.get("id")?;
                tracing::error!(%error, id, "a notice cannot be read");
            }
        }
    }
    due.sort_by_key(|(at, leased)| (*at, leased.id));
    let unreadable = rows.len() - due.len();
    Ok(Batch { notices: due.into_iter().map(|(_, leased)| leased).collect(), unreadable })
}

/// A statement about a notice that is still this worker's. Ids are never given
/// twice (`AUTOINCREMENT`), so nobody holds an id and a number of another notice.
fn held(statement: &'static str, leased: &Leased) -> Query {
    sql(statement).bind(leased.id).bind(leased.attempts)
}

impl SqlStore {
    async fn run_held(&self, query: Query) -> Result<bool> {
        let mut tx = self.pools.begin(Alone::Nothing).await?;
        let touched = query.run(&mut tx).await?;
        tx.commit().await?;
        Ok(touched > 0)
    }
}

#[async_trait]
impl Outbox for SqlStore {
    async fn lease(&self, now: Timestamp, until: Timestamp, limit: u32) -> Result<Batch> {
        self.timed("outbox.lease", async {
            // Alone, so that the next worker sees what this one took.
            let mut tx = self.pools.begin(Alone::With(b"outbox")).await?;
            let rows = sql(LEASE).bind(now).bind(until).bind(limit).all(&mut tx).await?;
            tx.commit().await?;
            readable(&rows)
        })
        .await
    }

    async fn remove(&self, leased: &Leased) -> Result<bool> {
        self.timed("outbox.remove", self.run_held(held(REMOVE, leased))).await
    }

    async fn retry(&self, leased: &Leased, at: Timestamp) -> Result<bool> {
        self.timed("outbox.retry", self.run_held(held(RETRY, leased).bind(at))).await
    }

    async fn backlog(&self, now: Timestamp) -> Result<Backlog> {
        self.timed("outbox.backlog", async {
            let row = sql(BACKLOG).bind(now).read_one(&self.pools).await?.ok_or_else(|| corrupt("total"))?;
            Ok(Backlog { all: row.number("total")?, due: row.number("due")?, oldest: row.get("oldest")? })
        })
        .await
    }
}
