//! [`Tallies`] on SQL.

use async_trait::async_trait;

use super::{
    Result, SqlStore,
    engine::{Alone, sql},
    row::Row,
};
use crate::{
    domain::Timestamp,
    storage::tallies::{Tallies, Tally},
};

/// A time beyond the one to come is of a clock that was wrong.
const CLAIM: &str = "INSERT INTO tallies (name, due_at) VALUES ($1, $3) ON CONFLICT (name) \
     DO UPDATE SET due_at = $3 WHERE tallies.due_at <= $2 OR tallies.due_at > $3";
const PUT: &str = "INSERT INTO tallies (name, number, due_at) VALUES ($1, $2, $3) ON CONFLICT (name) \
     DO UPDATE SET number = $2, due_at = $3";
const GET: &str = "SELECT number FROM tallies WHERE name = $1 AND number IS NOT NULL";

#[async_trait]
impl Tallies for SqlStore {
    async fn claim(&self, tally: Tally, now: Timestamp, until: Timestamp) -> Result<bool> {
        self.timed("tallies.claim", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            let claimed = sql(CLAIM).bind(tally.as_str()).bind(now).bind(until).run(&mut tx).await?;
            tx.commit().await?;
            Ok(claimed > 0)
        })
        .await
    }

    async fn put(&self, tally: Tally, number: u64, due_at: Timestamp) -> Result<()> {
        self.timed("tallies.put", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            let number = i64::try_from(number).unwrap_or(i64::MAX);
            sql(PUT).bind(tally.as_str()).bind(number).bind(due_at).run(&mut tx).await?;
            tx.commit().await
        })
        .await
    }

    async fn get(&self, tally: Tally) -> Result<Option<u64>> {
        self.timed("tallies.get", async {
            let row = sql(GET).bind(tally.as_str()).read_one(&self.pools).await?;
            row.as_ref().map(|row: &Row| row.number("number")).transpose()
        })
        .await
    }
}
