//! [`SigningKeys`] on SQL.

use async_trait::async_trait;

use super::{
    Result, SqlStore,
    engine::{Alone, sql},
    row::Row,
};
use crate::{
    domain::Timestamp,
    storage::signing_keys::{SealedKey, SigningKeys},
};

const LIST: &str =
    "SELECT kid, alg, public_jwk, sealed, created_at, active_at FROM signing_keys ORDER BY active_at, kid";
const LATER: &str = "SELECT 1 FROM signing_keys WHERE active_at > $1 LIMIT 1";
const INSERT: &str = "INSERT INTO signing_keys (kid, alg, public_jwk, sealed, created_at, active_at) \
     VALUES ($1, $2, $3, $4, $5, $6)";
const RESEAL: &str = "UPDATE signing_keys SET sealed = $3 WHERE kid = $1 AND sealed = $2";
const REMOVE: &str = "DELETE FROM signing_keys WHERE kid = $1";

fn sealed_key(row: &Row) -> Result<SealedKey> {
    Ok(SealedKey {
        kid: row.get("kid")?,
        alg: row.get("alg")?,
        public_jwk: row.get("public_jwk")?,
        sealed: row.get("sealed")?,
        created_at: row.get("created_at")?,
        active_at: row.get("active_at")?,
    })
}

#[async_trait]
impl SigningKeys for SqlStore {
    async fn list(&self) -> Result<Vec<SealedKey>> {
        self.timed("signing_keys.list", async {
            let rows = sql(LIST).read_all(&self.pools).await?;
            rows.iter().map(sealed_key).collect()
        })
        .await
    }

    async fn insert(&self, key: &SealedKey, unless_after: Timestamp) -> Result<bool> {
        self.timed("signing_keys.insert", async {
            let mut tx = self.pools.begin(Alone::With(b"signing_keys")).await?;
            let later = sql(LATER).bind(unless_after).one(&mut tx).await?;
            if later.is_some() {
                return Ok(false);
            }
            let insert = sql(INSERT)
                .bind(&key.kid)
                .bind(&key.alg)
                .bind(&key.public_jwk)
                .bind(&key.sealed)
                .bind(key.created_at)
                .bind(key.active_at);
            insert.run(&mut tx).await?;
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    async fn reseal(&self, kid: &str, old: &[u8], new: &[u8]) -> Result<()> {
        self.timed("signing_keys.reseal", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            sql(RESEAL).bind(kid).bind(old).bind(new).run(&mut tx).await?;
            tx.commit().await
        })
        .await
    }

    async fn remove(&self, kids: &[String]) -> Result<()> {
        self.timed("signing_keys.remove", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            for kid in kids {
                sql(REMOVE).bind(kid).run(&mut tx).await?;
            }
            tx.commit().await
        })
        .await
    }
}
