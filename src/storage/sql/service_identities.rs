//! [`ServiceIdentities`] on SQL.

use async_trait::async_trait;

use super::{
    Result, SqlStore, audit,
    engine::{Alone, sql},
    service_accounts::{BY_IDENTITY, service_account},
};
use crate::{
    domain::{Event, ServiceAccount, SpiffeId, service::ServiceId},
    storage::service_identities::ServiceIdentities,
};

const INSERT: &str = "INSERT INTO service_identities (spiffe_id, service_id, created_at) VALUES ($1, $2, $3) \
     ON CONFLICT (spiffe_id) DO NOTHING";
const DELETE: &str = "DELETE FROM service_identities WHERE spiffe_id = $1 AND service_id = $2";
const LIST: &str = "SELECT service_id, spiffe_id FROM service_identities ORDER BY spiffe_id";

#[async_trait]
impl ServiceIdentities for SqlStore {
    async fn owner(&self, id: &SpiffeId) -> Result<Option<ServiceAccount>> {
        self.timed("service_identities.owner", async {
            let row = sql(BY_IDENTITY).bind(id.as_str()).read_one(&self.pools).await?;
            row.as_ref().map(service_account).transpose()
        })
        .await
    }

    async fn add(&self, service: ServiceId, id: &SpiffeId, event: &Event) -> Result<bool> {
        self.timed("service_identities.add", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            if sql(INSERT).bind(id.as_str()).bind(service.0).bind(event.at).run(&mut tx).await? == 0 {
                return Ok(false);
            }
            audit::insert(&mut tx, event).await?;
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    async fn remove(&self, service: ServiceId, id: &SpiffeId, event: &Event) -> Result<bool> {
        self.timed("service_identities.remove", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            if sql(DELETE).bind(id.as_str()).bind(service.0).run(&mut tx).await? == 0 {
                return Ok(false);
            }
            audit::insert(&mut tx, event).await?;
            tx.commit().await?;
            Ok(true)
        })
        .await
    }

    async fn identities(&self) -> Result<Vec<(ServiceId, SpiffeId)>> {
        self.timed("service_identities.list", async {
            let rows = sql(LIST).read_all(&self.pools).await?;
            let identity = |row: &super::row::Row| {
                Ok((ServiceId(row.get("service_id")?), row.parsed("spiffe_id", SpiffeId::parse)?))
            };
            rows.iter().map(identity).collect()
        })
        .await
    }
}
