//! [`Journal`] on SQL.

use async_trait::async_trait;

use super::{
    Result, SqlStore, audit,
    engine::{Alone, Tx, sql},
    outbox,
    row::{Row, corrupt},
};
use crate::{
    domain::{
        Event, Notice, Revocation, SessionId, Timestamp, UserId,
        revocation::{RevocationReason, Target},
    },
    storage::journal::Journal,
};

const INSERT: &str = "INSERT INTO revocation_journal (kind, user_id, session_id, not_before, reason, expires_at) \
     VALUES ($1, $2, $3, $4, $5, $6) RETURNING seq";
const OF_SESSION: &str = "SELECT seq FROM revocation_journal WHERE session_id = $1 ORDER BY seq LIMIT 1";
const RAISE: &str = "UPDATE accounts SET not_before = $2 WHERE id = $1 AND not_before < $2";
const SWEEP: &str = "DELETE FROM revocation_journal WHERE seq IN \
     (SELECT seq FROM revocation_journal WHERE expires_at <= $1 LIMIT $2)";
const LIVE: &str = "SELECT seq, kind, user_id, session_id, not_before, reason, expires_at FROM revocation_journal \
     WHERE seq > $1 AND expires_at > $2 ORDER BY seq LIMIT $3";

/// PostgreSQL gives numbers out before it commits: of two that append at once the
/// later number could be seen first, and a reader that goes on after it would miss
/// the other.
fn in_order(revocations: &[Revocation]) -> Alone<'static> {
    if revocations.is_empty() { Alone::Nothing } else { Alone::With(b"revocation_journal") }
}

async fn insert(tx: &mut Tx, revocation: &Revocation) -> Result<i64> {
    let (kind, session_id) = match revocation.target {
        Target::Session(id) => ("session", Some(id.0)),
        Target::User => ("user", None),
    };
    let query = sql(INSERT)
        .bind(kind)
        .bind(revocation.user_id.0)
        .bind(session_id)
        .bind(revocation.not_before)
        .bind(revocation.reason.as_str())
        .bind(revocation.expires_at);
    let row = query.one(tx).await?.ok_or_else(|| corrupt("seq"))?;
    if revocation.target == Target::User {
        let raise = sql(RAISE).bind(revocation.user_id.0).bind(revocation.not_before);
        raise.run(tx).await?;
    }
    row.get("seq")
}

/// The line that takes the session back already.
async fn taken_back(tx: &mut Tx, revocation: &Revocation) -> Result<Option<i64>> {
    let Target::Session(id) = revocation.target else { return Ok(None) };
    let row = sql(OF_SESSION).bind(id.0).one(tx).await?;
    row.map(|row| row.get("seq")).transpose()
}

fn revocation(row: &Row) -> Result<(i64, Revocation)> {
    let target = match row.get::<String>("kind")?.as_str() {
        "session" => Target::Session(SessionId(row.get("session_id")?)),
        "user" => Target::User,
        _ => return Err(corrupt("kind")),
    };
    let revocation = Revocation {
        user_id: UserId(row.get("user_id")?),
        target,
        not_before: row.get("not_before")?,
        reason: row.parsed("reason", |word| RevocationReason::parse(word).ok_or(()))?,
        expires_at: row.get("expires_at")?,
    };
    Ok((row.get("seq")?, revocation))
}

#[async_trait]
impl Journal for SqlStore {
    async fn append(&self, revocations: &[Revocation], events: &[Event], notices: &[Notice]) -> Result<Vec<i64>> {
        self.timed("journal.append", async {
            let mut tx = self.pools.begin(in_order(revocations)).await?;
            let mut numbers = Vec::with_capacity(revocations.len());
            for revocation in revocations {
                numbers.push(insert(&mut tx, revocation).await?);
            }
            for event in events {
                audit::insert(&mut tx, event).await?;
            }
            for notice in notices {
                outbox::insert(&mut tx, notice).await?;
            }
            tx.commit().await?;
            Ok(numbers)
        })
        .await
    }

    async fn append_once(
        &self,
        revocation: &Revocation,
        event: &Event,
        notice: Option<&Notice>,
    ) -> Result<(i64, bool)> {
        self.timed("journal.append_once", async {
            let mut tx = self.pools.begin(in_order(std::slice::from_ref(revocation))).await?;
            if let Some(number) = taken_back(&mut tx, revocation).await? {
                return Ok((number, false));
            }
            let number = insert(&mut tx, revocation).await?;
            audit::insert(&mut tx, event).await?;
            if let Some(notice) = notice {
                outbox::insert(&mut tx, notice).await?;
            }
            tx.commit().await?;
            Ok((number, true))
        })
        .await
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u64> {
        self.sweep_rows("journal.sweep", SWEEP, now, limit).await
    }

    async fn live(&self, after: i64, now: Timestamp, limit: u32) -> Result<Vec<(i64, Revocation)>> {
        self.timed("journal.live", async {
            let query = sql(LIVE).bind(after).bind(now).bind(limit);
            let rows = query.read_all(&self.pools).await?;
            rows.iter().map(revocation).collect()
        })
        .await
    }
}
