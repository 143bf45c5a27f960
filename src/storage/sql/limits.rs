//! [`Limits`] on SQL.

use std::time::Duration;

use async_trait::async_trait;

use super::{
    Result, SqlStore,
    engine::{Alone, Pools, Tx, sql},
    row::Row,
};
use crate::{
    domain::Timestamp,
    storage::limits::{Empty, Limits, Rate},
};

const READ: &str = "SELECT full_at FROM limits WHERE key = $1";
const WRITE: &str = "INSERT INTO limits (key, full_at) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET full_at = $2";
const REMOVE: &str = "DELETE FROM limits WHERE key = $1";
const SWEEP: &str = "DELETE FROM limits WHERE key IN (SELECT key FROM limits WHERE full_at <= $1 LIMIT $2)";

fn mark(row: Option<Row>) -> Result<Option<Timestamp>> {
    row.map(|row| row.get("full_at")).transpose()
}

/// A transaction that is alone with these budgets; `None` where there are none.
async fn alone_with(pools: &Pools, budgets: &[(String, Rate)]) -> Result<Option<Tx>> {
    let mut keys = budgets.iter().map(|(key, _)| key.as_bytes());
    let Some(first) = keys.next() else { return Ok(None) };
    let mut tx = pools.begin(Alone::With(first)).await?;
    for key in keys {
        tx.also_alone_with(key).await?;
    }
    Ok(Some(tx))
}

async fn take_alone(pools: &Pools, budgets: &[(String, Rate)], now: Timestamp) -> Result<Option<Empty>> {
    let Some(mut tx) = alone_with(pools, budgets).await? else { return Ok(None) };
    for (place, (key, rate)) in budgets.iter().enumerate() {
        match rate.take(mark(sql(READ).bind(key).one(&mut tx).await?)?, now) {
            Err(wait) => return Ok(Some(Empty { place, wait })),
            Ok(full_at) => {
                sql(WRITE).bind(key).bind(full_at).run(&mut tx).await?;
            }
        }
    }
    tx.commit().await?;
    Ok(None)
}

#[async_trait]
impl Limits for SqlStore {
    async fn take(&self, key: &str, rate: Rate, now: Timestamp) -> Result<Option<Duration>> {
        let empty = self.take_all(&[(key.to_owned(), rate)], now).await?;
        Ok(empty.map(|empty| empty.wait))
    }

    async fn give_back(&self, key: &str, rate: Rate, now: Timestamp) -> Result<()> {
        self.give_back_all(&[(key.to_owned(), rate)], now).await
    }

    async fn take_all(&self, budgets: &[(String, Rate)], now: Timestamp) -> Result<Option<Empty>> {
        let work = async {
            // A flood that is refused must not queue for the one writer.
            for (place, (key, rate)) in budgets.iter().enumerate() {
                let row = sql(READ).bind(key).read_one(&self.pools).await?;
                if let Err(wait) = rate.take(mark(row)?, now) {
                    return Ok(Some(Empty { place, wait }));
                }
            }
            take_alone(&self.pools, budgets, now).await
        };
        self.timed("limits.take", self.pools.in_time(work)).await
    }

    async fn give_back_all(&self, budgets: &[(String, Rate)], now: Timestamp) -> Result<()> {
        self.timed("limits.give_back", async {
            let Some(mut tx) = alone_with(&self.pools, budgets).await? else { return Ok(()) };
            for (key, rate) in budgets {
                let Some(mark) = mark(sql(READ).bind(key).one(&mut tx).await?)? else { continue };
                let write = match rate.give_back(mark, now) {
                    Some(mark) => sql(WRITE).bind(key).bind(mark),
                    None => sql(REMOVE).bind(key),
                };
                write.run(&mut tx).await?;
            }
            tx.commit().await
        })
        .await
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u64> {
        self.sweep_rows("limits.sweep", SWEEP, now, limit).await
    }
}
