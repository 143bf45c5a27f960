//! [`Fence`] on SQL.

use async_trait::async_trait;

use super::{
    Result, SqlStore,
    engine::{Alone, sql},
    row::corrupt,
};
use crate::storage::Fence;

const READ: &str = "SELECT mark FROM volatile_fence";
const REPLACE: &str = "UPDATE volatile_fence SET mark = $2 WHERE mark = $1";

#[async_trait]
impl Fence for SqlStore {
    async fn mark(&self) -> Result<String> {
        self.timed("fence.mark", async {
            let row = sql(READ).read_one(&self.pools).await?;
            row.ok_or_else(|| corrupt("mark"))?.get("mark")
        })
        .await
    }

    async fn replace_mark(&self, old: &str, new: &str) -> Result<bool> {
        self.timed("fence.replace_mark", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            let replaced = sql(REPLACE).bind(old).bind(new).run(&mut tx).await?;
            tx.commit().await?;
            Ok(replaced == 1)
        })
        .await
    }
}
