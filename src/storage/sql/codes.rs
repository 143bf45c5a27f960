//! [`Codes`] on SQL.

use async_trait::async_trait;
use subtle::ConstantTimeEq;

use super::{
    Result, SqlStore,
    engine::{Alone, Query, Tx, sql},
    row::Row,
};
use crate::{
    domain::Timestamp,
    storage::codes::{CodeKey, Codes, Guess, PendingCode, Replacement},
};

const PUT: &str = "INSERT INTO codes (purpose, mailbox, client_id, digest, payload, attempts, expires_at) \
     VALUES ($1, $2, $3, $4, $5, 0, $6) ON CONFLICT (purpose, mailbox, client_id) DO UPDATE SET digest = $4, \
     payload = $5, attempts = CASE WHEN codes.expires_at > $7 THEN codes.attempts ELSE 0 END, expires_at = $6";
const REPLACE: &str = "UPDATE codes SET digest = $4, expires_at = $5 \
     WHERE purpose = $1 AND mailbox = $2 AND client_id = $3 AND expires_at > $6 RETURNING payload";
const COUNT_GUESS: &str = "UPDATE codes SET attempts = attempts + 1 \
     WHERE purpose = $1 AND mailbox = $2 AND client_id = $3 AND expires_at > $4 RETURNING digest, payload, attempts";
const DELETE: &str = "DELETE FROM codes WHERE purpose = $1 AND mailbox = $2 AND client_id = $3";
const ANY_CLIENT: &str = "SELECT 1 FROM codes WHERE purpose = $1 AND mailbox = $2 AND expires_at > $3 LIMIT 1";
const SWEEP: &str = "DELETE FROM codes WHERE (purpose, mailbox, client_id) IN \
     (SELECT purpose, mailbox, client_id FROM codes WHERE expires_at <= $1 LIMIT $2)";

fn keyed(statement: &'static str, key: &CodeKey) -> Query {
    sql(statement).bind(key.purpose.as_str()).bind(key.mailbox.as_slice()).bind(key.client_id.as_str().to_owned())
}

/// Whether a code is pending for this mailbox at another client.
async fn is_pending_elsewhere(tx: &mut Tx, key: &CodeKey, now: Timestamp) -> Result<bool> {
    let query = sql(ANY_CLIENT).bind(key.purpose.as_str()).bind(key.mailbox.as_slice()).bind(now);
    Ok(query.one(tx).await?.is_some())
}

/// Compares a guess that is counted already; at the last one the code goes.
async fn judge(tx: &mut Tx, key: &CodeKey, row: &Row, digest: [u8; 32], max_attempts: u32) -> Result<Guess> {
    let attempts: u32 = row.number("attempts")?;
    let is_right = bool::from(row.bytes::<32>("digest")?.ct_eq(&digest)) && attempts <= max_attempts;
    if is_right || attempts >= max_attempts {
        keyed(DELETE, key).run(tx).await?;
    }
    if is_right {
        Ok(Guess::Right(row.get("payload")?))
    } else {
        Ok(Guess::Wrong(max_attempts.saturating_sub(attempts)))
    }
}

#[async_trait]
impl Codes for SqlStore {
    async fn put(&self, key: &CodeKey, code: &PendingCode, now: Timestamp) -> Result<()> {
        self.timed("codes.put", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            let query =
                keyed(PUT, key).bind(code.digest.as_slice()).bind(&code.payload).bind(code.expires_at).bind(now);
            query.run(&mut tx).await?;
            tx.commit().await
        })
        .await
    }

    async fn replace(
        &self,
        key: &CodeKey,
        digest: [u8; 32],
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Replacement> {
        self.timed("codes.replace", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            let query = keyed(REPLACE, key).bind(digest.as_slice()).bind(expires_at).bind(now);
            let Some(row) = query.one(&mut tx).await? else {
                let elsewhere = is_pending_elsewhere(&mut tx, key, now).await?;
                return Ok(if elsewhere { Replacement::OtherClient } else { Replacement::Missing });
            };
            let payload = row.get("payload")?;
            tx.commit().await?;
            Ok(Replacement::Replaced(payload))
        })
        .await
    }

    async fn guess(&self, key: &CodeKey, digest: [u8; 32], max_attempts: u32, now: Timestamp) -> Result<Guess> {
        self.timed("codes.guess", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            let counted = keyed(COUNT_GUESS, key).bind(now).one(&mut tx).await?;
            let Some(row) = counted else {
                let elsewhere = is_pending_elsewhere(&mut tx, key, now).await?;
                return Ok(if elsewhere { Guess::OtherClient } else { Guess::Missing });
            };
            let guess = judge(&mut tx, key, &row, digest, max_attempts).await?;
            tx.commit().await?;
            Ok(guess)
        })
        .await
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u64> {
        self.sweep_rows("codes.sweep", SWEEP, now, limit).await
    }
}
