//! [`SigningKeys`] on SQL.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;

use super::{Result, SqlStore, commit, convert::Columns, unavailable};
use crate::{
    domain::Timestamp,
    storage::signing_keys::{SealedKey, SigningKeys},
};

const LIST: &str = "SELECT * FROM signing_keys ORDER BY active_at, kid";
const LATER: &str = "SELECT 1 FROM signing_keys WHERE active_at > $1 LIMIT 1";
const INSERT: &str = "INSERT INTO signing_keys (kid, alg, public_jwk, sealed, created_at, active_at) \
     VALUES ($1, $2, $3, $4, $5, $6)";
const RESEAL: &str = "UPDATE signing_keys SET sealed = $3 WHERE kid = $1 AND sealed = $2";
const REMOVE: &str = "DELETE FROM signing_keys WHERE kid = $1";

fn sealed_key(row: &SqliteRow) -> Result<SealedKey> {
    let columns = Columns(row);
    Ok(SealedKey {
        kid: columns.get("kid")?,
        alg: columns.get("alg")?,
        public_jwk: columns.get("public_jwk")?,
        sealed: columns.get("sealed")?,
        created_at: columns.get("created_at")?,
        active_at: columns.get("active_at")?,
    })
}

#[async_trait]
impl SigningKeys for SqlStore {
    async fn list(&self) -> Result<Vec<SealedKey>> {
        self.timed("signing_keys.list", async {
            let rows = sqlx::query(LIST).fetch_all(&self.readers).await.map_err(unavailable)?;
            rows.iter().map(sealed_key).collect()
        })
        .await
    }

    async fn insert(&self, key: &SealedKey, unless_after: Timestamp) -> Result<bool> {
        self.timed("signing_keys.insert", async {
            let mut tx = self.begin().await?;
            let later = sqlx::query(LATER).bind(unless_after).fetch_optional(&mut *tx).await.map_err(unavailable)?;
            if later.is_some() {
                return Ok(false);
            }
            let insert = sqlx::query(INSERT)
                .bind(&key.kid)
                .bind(&key.alg)
                .bind(&key.public_jwk)
                .bind(&key.sealed)
                .bind(key.created_at)
                .bind(key.active_at);
            insert.execute(&mut *tx).await.map_err(unavailable)?;
            commit(tx).await?;
            Ok(true)
        })
        .await
    }

    async fn reseal(&self, kid: &str, old: &[u8], new: &[u8]) -> Result<()> {
        self.timed("signing_keys.reseal", async {
            let mut tx = self.begin().await?;
            sqlx::query(RESEAL).bind(kid).bind(old).bind(new).execute(&mut *tx).await.map_err(unavailable)?;
            commit(tx).await
        })
        .await
    }

    async fn remove(&self, kids: &[String]) -> Result<()> {
        self.timed("signing_keys.remove", async {
            let mut tx = self.begin().await?;
            for kid in kids {
                sqlx::query(REMOVE).bind(kid).execute(&mut *tx).await.map_err(unavailable)?;
            }
            commit(tx).await
        })
        .await
    }
}
