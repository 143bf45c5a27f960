//! [`Journal`] on SQL.

use async_trait::async_trait;

use super::{
    Result, SqlStore,
    appends::Append,
    engine::{Alone, sql},
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

const SWEEP: &str = "DELETE FROM revocation_journal WHERE seq IN \
     (SELECT seq FROM revocation_journal WHERE expires_at <= $1 \
     AND seq < (SELECT MAX(seq) FROM revocation_journal) LIMIT $2)";
// Not by their end: without statistics the server would look for all of those first.
const AFTER: &str = select!("seq > $1 ORDER BY seq LIMIT $2");
const LATEST: &str = select!("seq < $1 ORDER BY seq DESC LIMIT $2");
const OF_ID: &str = "SELECT seq FROM revoked_ids WHERE id = $1";
const SWEEP_IDS: &str = "DELETE FROM revoked_ids WHERE id IN \
     (SELECT id FROM revoked_ids WHERE expires_at <= $1 \
     AND seq < (SELECT MAX(seq) FROM revocation_journal) LIMIT $2)";
const EXTENT: &str = "SELECT epoch, (SELECT COALESCE(MAX(seq), 0) FROM revocation_journal) AS highest \
     FROM revocation_feed";
const REPLACE_EPOCH: &str = "UPDATE revocation_feed SET epoch = $2 WHERE epoch = $1";

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

impl SqlStore {
    async fn page_after(&self, after: i64, limit: u32) -> Result<Vec<(i64, Revocation)>> {
        let rows = sql(AFTER).bind(after).bind(limit).read_all(&self.pools).await?;
        rows.iter().map(revocation).collect()
    }
}

#[async_trait]
impl Journal for SqlStore {
    async fn append(&self, revocations: &[Revocation], events: &[Event], notices: &[Notice]) -> Result<Vec<i64>> {
        let append = Append {
            revocations: revocations.to_vec(),
            events: events.to_vec(),
            notices: notices.to_vec(),
            once: false,
        };
        Ok(self.timed("journal.append", self.appends.append(&self.pools, append)).await?.numbers)
    }

    async fn append_once(
        &self,
        revocation: &Revocation,
        event: &Event,
        notice: Option<&Notice>,
    ) -> Result<(i64, bool)> {
        let append = Append {
            revocations: vec![revocation.clone()],
            events: vec![event.clone()],
            notices: notice.cloned().into_iter().collect(),
            once: true,
        };
        let appended = self.timed("journal.append_once", self.appends.append(&self.pools, append)).await?;
        let number = appended.numbers.first().copied().ok_or_else(|| corrupt("seq"))?;
        Ok((number, appended.is_new))
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
        let (size, mut after, mut live) = (limit as usize, after, Vec::new());
        while live.len() < size {
            let page = self.timed("journal.live", self.page_after(after, limit)).await?;
            let Some((last, _)) = page.last() else { break };
            after = *last;
            let is_last = page.len() < size;
            live.extend(page.into_iter().filter(|(_, line)| line.expires_at > now));
            if is_last {
                break;
            }
        }
        live.truncate(size);
        Ok(live)
    }
}
