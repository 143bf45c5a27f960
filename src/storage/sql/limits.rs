//! [`Limits`] on SQL.

use std::time::Duration;

use async_trait::async_trait;
use sqlx::Row;

use super::{Result, SqlStore, commit, unavailable};
use crate::{
    domain::Timestamp,
    storage::limits::{Limits, Rate},
};

const READ: &str = "SELECT full_at FROM limits WHERE key = $1";
const WRITE: &str = "INSERT INTO limits (key, full_at) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET full_at = $2";
const SWEEP: &str = "DELETE FROM limits WHERE key IN (SELECT key FROM limits WHERE full_at <= $1 LIMIT $2)";

#[async_trait]
impl Limits for SqlStore {
    async fn take(&self, key: &str, rate: Rate, now: Timestamp) -> Result<Option<Duration>> {
        self.timed("limits.take", async {
            // A flood that is refused must not queue for the one writer.
            let row = sqlx::query(READ).bind(key).fetch_optional(&self.readers).await.map_err(unavailable)?;
            let mark = row.map(|row| row.try_get("full_at")).transpose().map_err(unavailable)?;
            if let Err(wait) = rate.take(mark, now) {
                return Ok(Some(wait));
            }
            let mut tx = self.begin().await?;
            let row = sqlx::query(READ).bind(key).fetch_optional(&mut *tx).await.map_err(unavailable)?;
            let mark = row.map(|row| row.try_get("full_at")).transpose().map_err(unavailable)?;
            match rate.take(mark, now) {
                Err(wait) => Ok(Some(wait)),
                Ok(full_at) => {
                    sqlx::query(WRITE).bind(key).bind(full_at).execute(&mut *tx).await.map_err(unavailable)?;
                    commit(tx).await?;
                    Ok(None)
                }
            }
        })
        .await
    }

    async fn give_back(&self, key: &str, rate: Rate) -> Result<()> {
        self.timed("limits.give_back", async {
            let mut tx = self.begin().await?;
            let row = sqlx::query(READ).bind(key).fetch_optional(&mut *tx).await.map_err(unavailable)?;
            if let Some(row) = row {
                let mark = row.try_get("full_at").map_err(unavailable)?;
                let write = sqlx::query(WRITE).bind(key).bind(rate.give_back(mark));
                write.execute(&mut *tx).await.map_err(unavailable)?;
                commit(tx).await?;
            }
            Ok(())
        })
        .await
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u64> {
        self.sweep_rows("limits.sweep", SWEEP, now, limit).await
    }
}
