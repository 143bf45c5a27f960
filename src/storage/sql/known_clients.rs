//! Clients on which a person has signed in before.

use super::{
    Result,
    engine::{Alone, Pools, sql},
    outbox,
};
use crate::{
    domain::{ClientId, Notice, Timestamp, UserId},
    storage::accounts::KNOWN_CLIENTS,
};

const HAS: &str = "SELECT since FROM known_clients WHERE user_id = $1 AND client_id = $2";
const ADD: &str = "INSERT INTO known_clients (user_id, client_id, since) \
     SELECT id, $2, $3 FROM accounts WHERE id = $1 ON CONFLICT (user_id, client_id) DO NOTHING";
const FORGET: &str = "DELETE FROM known_clients WHERE user_id = $1 AND client_id NOT IN \
     (SELECT client_id FROM known_clients WHERE user_id = $1 ORDER BY since DESC, client_id LIMIT $2)";

pub(super) async fn has(pools: &Pools, id: UserId, client_id: &ClientId) -> Result<bool> {
    Ok(sql(HAS).bind(id.0).bind(client_id.as_str()).read_one(pools).await?.is_some())
}

pub(super) async fn add(
    pools: &Pools,
    id: UserId,
    client_id: &ClientId,
    at: Timestamp,
    notice: Option<&Notice>,
) -> Result<bool> {
    // A deletion that is half way would let it read the account, and then not refer to it.
    let mut tx = pools.begin(Alone::With(id.0.as_bytes())).await?;
    if sql(ADD).bind(id.0).bind(client_id.as_str()).bind(at).run(&mut tx).await? == 0 {
        return Ok(false);
    }
    sql(FORGET).bind(id.0).bind(KNOWN_CLIENTS).run(&mut tx).await?;
    if let Some(notice) = notice {
        outbox::insert(&mut tx, notice).await?;
    }
    tx.commit().await?;
    Ok(true)
}
