//! [`Journal`] on SQL.

use async_trait::async_trait;
use sqlx::{Sqlite, Transaction, sqlite::SqliteRow};

use super::{
    Result, SqlStore, audit, commit,
    convert::{Columns, corrupt},
    unavailable,
};
use crate::{
    domain::{
        Event, Revocation, SessionId, Timestamp, UserId,
        revocation::{RevocationReason, Target},
    },
    storage::journal::Journal,
};

const INSERT: &str = "INSERT INTO revocation_journal (kind, user_id, session_id, not_before, reason, expires_at) \
     VALUES ($1, $2, $3, $4, $5, $6)";
const RAISE: &str = "UPDATE accounts SET not_before = $2 WHERE id = $1 AND not_before < $2";
const SWEEP: &str = "DELETE FROM revocation_journal WHERE seq IN \
     (SELECT seq FROM revocation_journal WHERE expires_at <= $1 LIMIT $2)";
const LIVE: &str = "SELECT * FROM revocation_journal WHERE seq > $1 AND expires_at > $2 ORDER BY seq LIMIT $3";

async fn insert(tx: &mut Transaction<'static, Sqlite>, revocation: &Revocation) -> Result<()> {
    let (kind, session_id) = match revocation.target {
        Target::Session(id) => ("session", Some(id.0)),
        Target::User => ("user", None),
    };
    let query = sqlx::query(INSERT)
        .bind(kind)
        .bind(revocation.user_id.0)
        .bind(session_id)
        .bind(revocation.not_before)
        .bind(revocation.reason.as_str())
        .bind(revocation.expires_at);
    query.execute(&mut **tx).await.map_err(unavailable)?;
    if revocation.target == Target::User {
        let raise = sqlx::query(RAISE).bind(revocation.user_id.0).bind(revocation.not_before);
        raise.execute(&mut **tx).await.map_err(unavailable)?;
    }
    Ok(())
}

fn revocation(row: &SqliteRow) -> Result<(i64, Revocation)> {
    let columns = Columns(row);
    let target = match columns.get("kind")? {
        "session" => Target::Session(SessionId(columns.uuid("session_id")?)),
        "user" => Target::User,
        _ => return Err(corrupt("kind")),
    };
    let revocation = Revocation {
        user_id: UserId(columns.uuid("user_id")?),
        target,
        not_before: columns.get("not_before")?,
        reason: columns.parsed("reason", |word| RevocationReason::parse(word).ok_or(()))?,
        expires_at: columns.get("expires_at")?,
    };
    Ok((columns.get("seq")?, revocation))
}

#[async_trait]
impl Journal for SqlStore {
    async fn append(&self, revocations: &[Revocation], events: &[Event]) -> Result<()> {
        self.timed("journal.append", async {
            let mut tx = self.begin().await?;
            for revocation in revocations {
                insert(&mut tx, revocation).await?;
            }
            for event in events {
                audit::insert(&mut tx, event).await?;
            }
            commit(tx).await
        })
        .await
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u64> {
        self.sweep_rows("journal.sweep", SWEEP, now, limit).await
    }

    async fn live(&self, after: i64, now: Timestamp, limit: u32) -> Result<Vec<(i64, Revocation)>> {
        self.timed("journal.live", async {
            let query = sqlx::query(LIVE).bind(after).bind(now).bind(i64::from(limit));
            let rows = query.fetch_all(&self.readers).await.map_err(unavailable)?;
            rows.iter().map(revocation).collect()
        })
        .await
    }
}
