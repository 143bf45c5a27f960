//! [`Limits`] on SQL.

use std::time::Duration;

use async_trait::async_trait;

use super::{
    Result, SqlStore,
    engine::{Alone, sql},
};
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
            let row = sql(READ).bind(key).read_one(&self.pools).await?;
            let mark = row.map(|row| row.get("full_at")).transpose()?;
            if let Err(wait) = rate.take(mark, now) {
                return Ok(Some(wait));
            }
            let mut tx = self.pools.begin(Alone::With(key.as_bytes())).await?;
            let row = sql(READ).bind(key).one(&mut tx).await?;
            let mark = row.map(|row| row.get("full_at")).transpose()?;
            match rate.take(mark, now) {
                Err(wait) => Ok(Some(wait)),
                Ok(full_at) => {
                    sql(WRITE).bind(key).bind(full_at).run(&mut tx).await?;
                    tx.commit().await?;
                    Ok(None)
                }
            }
        })
        .await
    }

    async fn give_back(&self, key: &str, rate: Rate) -> Result<()> {
        self.timed("limits.give_back", async {
            let mut tx = self.pools.begin(Alone::With(key.as_bytes())).await?;
            let row = sql(READ).bind(key).one(&mut tx).await?;
            if let Some(row) = row {
                let mark = row.get("full_at")?;
                let write = sql(WRITE).bind(key).bind(rate.give_back(mark));
                write.run(&mut tx).await?;
                tx.commit().await?;
            }
            Ok(())
        })
        .await
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u64> {
        self.sweep_rows("limits.sweep", SWEEP, now, limit).await
    }
}
