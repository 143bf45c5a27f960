//! Passwords that accounts had before, for whatever transaction replaces one.

use super::{
    Result,
    engine::{Pools, Tx, sql},
    row::Row,
};
use crate::domain::{Timestamp, UserId, account::StoredPassword};

const INSERT: &str = "INSERT INTO password_history (user_id, scheme, hash, replaced_at) VALUES ($1, $2, $3, $4)";
const FORGET: &str = "DELETE FROM password_history WHERE user_id = $1 \
     AND id NOT IN (SELECT id FROM password_history WHERE user_id = $1 ORDER BY id DESC LIMIT $2)";
const LATEST: &str = "SELECT scheme, hash FROM password_history WHERE user_id = $1 ORDER BY id DESC LIMIT $2";

/// Adds one that was replaced and forgets all but the last `keep`, of which it is one.
pub(super) async fn remember(
    tx: &mut Tx,
    user_id: UserId,
    replaced: &StoredPassword,
    keep: u32,
    at: Timestamp,
) -> Result<()> {
    if keep > 0 {
        let insert = sql(INSERT).bind(user_id.0).bind(&replaced.scheme).bind(&replaced.hash).bind(at);
        insert.run(tx).await?;
    }
    sql(FORGET).bind(user_id.0).bind(keep).run(tx).await?;
    Ok(())
}

/// The last that were replaced, newest first.
pub(super) async fn latest(pools: &Pools, user_id: UserId, limit: u32) -> Result<Vec<StoredPassword>> {
    let rows = sql(LATEST).bind(user_id.0).bind(limit).read_all(pools).await?;
    rows.iter().map(stored).collect()
}

fn stored(row: &Row) -> Result<StoredPassword> {
    Ok(StoredPassword { scheme: row.get("scheme")?, hash: row.get("hash")? })
}
