//! [`Codes`] on SQL.

use async_trait::async_trait;
use sqlx::{Sqlite, Transaction, sqlite::SqliteRow};
use subtle::ConstantTimeEq;

use super::{Result, SqlStore, commit, convert::Columns, unavailable};
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

type Query<'q> = sqlx::query::Query<'q, Sqlite, sqlx::sqlite::SqliteArguments>;

fn keyed(statement: &'static str, key: &CodeKey) -> Query<'static> {
    sqlx::query(statement).bind(key.purpose.as_str()).bind(key.mailbox.to_vec()).bind(key.client_id.as_str().to_owned())
}

/// Whether a code is pending for this mailbox at another client.
async fn is_pending_elsewhere(tx: &mut Transaction<'static, Sqlite>, key: &CodeKey, now: Timestamp) -> Result<bool> {
    let query = sqlx::query(ANY_CLIENT).bind(key.purpose.as_str()).bind(key.mailbox.to_vec()).bind(now);
    Ok(query.fetch_optional(&mut **tx).await.map_err(unavailable)?.is_some())
}

/// Compares a guess that is counted already; at the last one the code goes.
async fn judge(
    tx: &mut Transaction<'static, Sqlite>,
    key: &CodeKey,
    row: &SqliteRow,
    digest: [u8; 32],
    max_attempts: u32,
) -> Result<Guess> {
    let columns = Columns(row);
    let attempts: u32 = columns.number("attempts")?;
    let is_right = bool::from(columns.bytes::<32>("digest")?.ct_eq(&digest)) && attempts <= max_attempts;
    if is_right || attempts >= max_attempts {
        keyed(DELETE, key).execute(&mut **tx).await.map_err(unavailable)?;
    }
    if is_right {
        Ok(Guess::Right(columns.get("payload")?))
    } else {
        Ok(Guess::Wrong(max_attempts.saturating_sub(attempts)))
    }
}

#[async_trait]
impl Codes for SqlStore {
    async fn put(&self, key: &CodeKey, code: &PendingCode, now: Timestamp) -> Result<()> {
        self.timed("codes.put", async {
            let mut tx = self.begin().await?;
            let query = keyed(PUT, key).bind(code.digest.to_vec()).bind(&code.payload).bind(code.expires_at).bind(now);
            query.execute(&mut *tx).await.map_err(unavailable)?;
            commit(tx).await
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
            let mut tx = self.begin().await?;
            let query = keyed(REPLACE, key).bind(digest.to_vec()).bind(expires_at).bind(now);
            let Some(row) = query.fetch_optional(&mut *tx).await.map_err(unavailable)? else {
                let elsewhere = is_pending_elsewhere(&mut tx, key, now).await?;
                return Ok(if elsewhere { Replacement::OtherClient } else { Replacement::Missing });
            };
            let payload = Columns(&row).get("payload")?;
            commit(tx).await?;
            Ok(Replacement::Replaced(payload))
        })
        .await
    }

    async fn guess(&self, key: &CodeKey, digest: [u8; 32], max_attempts: u32, now: Timestamp) -> Result<Guess> {
        self.timed("codes.guess", async {
            let mut tx = self.begin().await?;
            let counted = keyed(COUNT_GUESS, key).bind(now).fetch_optional(&mut *tx).await.map_err(unavailable)?;
            let Some(row) = counted else {
                let elsewhere = is_pending_elsewhere(&mut tx, key, now).await?;
                return Ok(if elsewhere { Guess::OtherClient } else { Guess::Missing });
            };
            let guess = judge(&mut tx, key, &row, digest, max_attempts).await?;
            commit(tx).await?;
            Ok(guess)
        })
        .await
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u64> {
        self.sweep_rows("codes.sweep", SWEEP, now, limit).await
    }
}
