//! The sign of life that readiness asks for.

use async_trait::async_trait;

use super::{
    Result, SqlStore,
    engine::{Alone, Pools, sql},
};
use crate::{domain::Timestamp, storage::Probe};

/// A row that nobody looks at; the sweep takes it. Reading would not show that
/// a disk is full or that a standby does not confirm.
const WRITE: &str = "INSERT INTO limits (key, full_at) VALUES ('probe', $1) \
     ON CONFLICT (key) DO UPDATE SET full_at = EXCLUDED.full_at";

#[async_trait]
impl Probe for SqlStore {
    fn name(&self) -> &'static str {
        "sql"
    }

    async fn check(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        self.timed("probe", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            sql(WRITE).bind(now).run(&mut tx).await?;
            let time = match &*self.pools {
                // Its clock is ours.
                Pools::Sqlite { .. } => None,
                Pools::Postgres(_) => sql("SELECT clock_timestamp() AS now").one(&mut tx).await?,
            };
            let time = time.map(|row| row.get("now")).transpose()?;
            tx.commit().await?;
            Ok(time)
        })
        .await
    }
}
