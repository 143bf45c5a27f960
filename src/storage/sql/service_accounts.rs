//! [`ServiceAccounts`] on SQL.

use async_trait::async_trait;

use super::{
    Result, SqlStore, audit,
    engine::{Alone, sql},
    row::{Row, corrupt},
};
use crate::{
    domain::{
        Event, ServiceAccount,
        service::{Scopes, ServiceId, ServiceName, StoredSecret},
    },
    storage::service_accounts::ServiceAccounts,
};

macro_rules! columns {
    () => {
        "id, name, scopes, secret_id, digest, disabled, created_at"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO service_accounts (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (name) DO NOTHING"
);
const BY_NAME: &str = concat!("SELECT ", columns!(), " FROM service_accounts WHERE name = $1");
/// Of the service whose certificates have a name.
pub(super) const BY_IDENTITY: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM service_accounts WHERE id = (SELECT service_id FROM service_identities WHERE spiffe_id = $1)"
);
const LIST: &str = concat!("SELECT ", columns!(), " FROM service_accounts ORDER BY name");
const DISABLE: &str = "UPDATE service_accounts SET disabled = $2 WHERE id = $1";
const ROTATE: &str = "UPDATE service_accounts SET secret_id = $2, digest = $3 WHERE id = $1";
const REKEY: &str = "UPDATE service_accounts SET secret_id = $4, digest = $5 \
     WHERE id = $1 AND secret_id = $2 AND digest = $3";

pub(super) fn service_account(row: &Row) -> Result<ServiceAccount> {
    let scopes: Vec<String> = row.get("scopes")?;
    Ok(ServiceAccount {
        id: ServiceId(row.get("id")?),
        name: row.parsed("name", ServiceName::parse)?,
        scopes: Scopes::parse(&scopes.join(" ")).map_err(|_| corrupt("scopes"))?,
        secret: StoredSecret { key_id: row.bytes("secret_id")?, digest: row.bytes("digest")? },
        disabled: row.get("disabled")?,
        created_at: row.get("created_at")?,
    })
}

#[async_trait]
impl ServiceAccounts for SqlStore {
    async fn create(&self, account: &ServiceAccount, event: &Event) -> Result<bool> {
        self.timed("service_accounts.create", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            let insert = sql(INSERT)
                .bind(account.id.0)
                .bind(account.name.as_str())
                .bind(account.scopes.words())
                .bind(&account.secret.key_id[..])
                .bind(&account.secret.digest[..])
                .bind(account.disabled)
                .bind(account.created_at);
            if insert.run(&mut tx).await? == 0 {
                return Ok(false);
            }
            audit::insert(&mut tx, event).await?;
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    async fn by_name(&self, name: &ServiceName) -> Result<Option<ServiceAccount>> {
        self.timed("service_accounts.by_name", async {
            let row = sql(BY_NAME).bind(name.as_str()).read_one(&self.pools).await?;
            row.as_ref().map(service_account).transpose()
        })
        .await
    }

    async fn list(&self) -> Result<Vec<ServiceAccount>> {
        self.timed("service_accounts.list", async {
            let rows = sql(LIST).read_all(&self.pools).await?;
            rows.iter().map(service_account).collect()
        })
        .await
    }

    async fn disable(&self, id: ServiceId) -> Result<()> {
        self.timed("service_accounts.disable", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            sql(DISABLE).bind(id.0).bind(true).run(&mut tx).await?;
            tx.commit().await
        })
        .await
    }

    async fn rotate(&self, id: ServiceId, secret: &StoredSecret, event: &Event) -> Result<()> {
        self.timed("service_accounts.rotate", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            let rotate = sql(ROTATE).bind(id.0).bind(&secret.key_id[..]).bind(&secret.digest[..]);
            rotate.run(&mut tx).await?;
            audit::insert(&mut tx, event).await?;
            tx.commit().await
        })
        .await
    }

    async fn rekey(&self, id: ServiceId, old: &StoredSecret, new: &StoredSecret) -> Result<()> {
        self.timed("service_accounts.rekey", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            let rekey = sql(REKEY)
                .bind(id.0)
                .bind(&old.key_id[..])
                .bind(&old.digest[..])
                .bind(&new.key_id[..])
                .bind(&new.digest[..]);
            rekey.run(&mut tx).await?;
            tx.commit().await
        })
        .await
    }
}
