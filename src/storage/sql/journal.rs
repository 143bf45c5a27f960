//! [`Journal`] on SQL.

use async_trait::async_trait;

use super::{
    Result, SqlStore, audit,
    engine::{Alone, Tx, sql},
    listener::CHANNEL,
    outbox,
    row::{Row, corrupt},
};
use crate::{
    domain::{
        Event, Notice, Revocation, SessionId, Timestamp, TokenId, UserId,
        revocation::{RevocationReason, Target},
    },
    storage::journal::{Extent, Journal},
};

// A kind that a later release may add is none of ours, and fills no page.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT seq, kind, user_id, session_id, token_id, not_before, reason, expires_at FROM revocation_journal \
             WHERE kind IN ('session', 'user') AND ",
            $rest
        )
    };
}

const INSERT: &str = "INSERT INTO revocation_journal (kind, user_id, session_id, token_id, not_before, reason, \
     expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING seq";
const RAISE: &str = "UPDATE accounts SET not_before = $2 WHERE id = $1 AND not_before < $2";
const SWEEP: &str = "DELETE FROM revocation_journal WHERE seq IN \
     (SELECT seq FROM revocation_journal WHERE expires_at <= $1 \
     AND seq < (SELECT MAX(seq) FROM revocation_journal) LIMIT $2)";
const LIVE: &str = select!("seq > $1 AND expires_at > $2 ORDER BY seq LIMIT $3");
const LATEST: &str = select!("seq < $1 ORDER BY seq DESC LIMIT $2");
const INSERT_ID: &str = "INSERT INTO revoked_ids (id, seq, expires_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING";
const OF_ID: &str = "SELECT seq FROM revoked_ids WHERE id = $1";
const SWEEP_IDS: &str = "DELETE FROM revoked_ids WHERE id IN \
     (SELECT id FROM revoked_ids WHERE expires_at <= $1 \
     AND seq < (SELECT MAX(seq) FROM revocation_journal) LIMIT $2)";
const EXTENT: &str = "SELECT epoch, (SELECT COALESCE(MAX(seq), 0) FROM revocation_journal) AS highest \
     FROM revocation_feed";
const REPLACE_EPOCH: &str = "UPDATE revocation_feed SET epoch = $2 WHERE epoch = $1";

/// PostgreSQL gives numbers out before it commits: of two that append at once the
/// later number could be seen first, and a reader that goes on after it would miss
/// the other.
fn in_order(revocations: &[Revocation]) -> Alone<'static> {
    if revocations.is_empty() { Alone::Nothing } else { Alone::With(b"revocation_journal") }
}

async fn insert(tx: &mut Tx, revocation: &Revocation) -> Result<i64> {
    let (kind, session_id, token_id) = match revocation.target {
        // To the release before it is a session that nobody has.
        Target::Token(id) => ("session", Some(id.0), Some(id.0)),
        Target::Session(id) => ("session", Some(id.0), None),
        Target::User => ("user", None, None),
    };
    let query = sql(INSERT)
        .bind(kind)
        .bind(revocation.user_id.0)
        .bind(session_id)
        .bind(token_id)
        .bind(revocation.not_before)
        .bind(revocation.reason.as_str())
        .bind(revocation.expires_at);
    let number = query.one(tx).await?.ok_or_else(|| corrupt("seq"))?.get("seq")?;
    let follows = match session_id {
        Some(id) => sql(INSERT_ID).bind(id).bind(number).bind(revocation.expires_at),
        None => sql(RAISE).bind(revocation.user_id.0).bind(revocation.not_before),
    };
    follows.run(tx).await?;
    Ok(number)
}

/// The line that takes the session or token back already.
async fn taken_back(tx: &mut Tx, revocation: &Revocation) -> Result<Option<i64>> {
    let id = match revocation.target {
        Target::Session(id) => id.0,
        Target::Token(id) => id.0,
        Target::User => return Ok(None),
    };
    let row = sql(OF_ID).bind(id).one(tx).await?;
    row.map(|row| row.get("seq")).transpose()
}

fn revocation(row: &Row) -> Result<(i64, Revocation)> {
    let target = match (row.get::<String>("kind")?.as_str(), row.get("token_id")?) {
        ("session", Some(id)) => Target::Token(TokenId(id)),
        ("session", None) => Target::Session(SessionId(row.get("session_id")?)),
        ("user", _) => Target::User,
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
            if !revocations.is_empty() {
                tx.announce(CHANNEL).await?;
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
            tx.announce(CHANNEL).await?;
            tx.commit().await?;
            Ok((number, true))
        })
        .await
    }

    async fn has_token(&self, id: TokenId) -> Result<bool> {
        self.timed("journal.has_token", async { Ok(sql(OF_ID).bind(id.0).read_one(&self.pools).await?.is_some()) })
            .await
    }

    async fn latest(&self, before: i64, limit: u32) -> Result<Vec<(i64, Revocation)>> {
        self.timed("journal.latest", async {
            let rows = sql(LATEST).bind(before).bind(limit).read_all(&self.pools).await?;
            rows.iter().map(revocation).collect()
        })
        .await
    }

    async fn extent(&self) -> Result<Extent> {
        self.timed("journal.extent", async {
            let row = sql(EXTENT).read_one(&self.pools).await?.ok_or_else(|| corrupt("epoch"))?;
            Ok(Extent { epoch: row.get("epoch")?, highest: row.get("highest")? })
        })
        .await
    }

    async fn replace_epoch(&self, old: &str, new: &str) -> Result<bool> {
        self.timed("journal.replace_epoch", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            let replaced = sql(REPLACE_EPOCH).bind(old).bind(new).run(&mut tx).await?;
            tx.commit().await?;
            Ok(replaced == 1)
        })
        .await
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u64> {
        let lines = self.sweep_rows("journal.sweep", SWEEP, now, limit).await?;
        Ok(lines.max(self.sweep_rows("journal.sweep_ids", SWEEP_IDS, now, limit).await?))
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
