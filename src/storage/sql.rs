//! The SQL back end: every trait on a SQLite file, or on PostgreSQL.
//!
//! Statements stay within what both understand: `$n` parameters, `ON CONFLICT`,
//! `RETURNING`, times bound by the caller. [`engine`] hides what differs. They
//! name their columns: with `*`, a column that the next release adds breaks
//! statements that are ready.

mod account_changes;
mod accounts;
mod appends;
mod audit;
mod audit_chain;
mod codes;
mod end_all;
mod engine;
mod fence;
mod file_lock;
mod journal;
mod known_clients;
mod lease;
mod limits;
mod listener;
mod migrate;
mod open;
mod outbox;
mod password_history;
mod probe;
mod revocations;
mod rotate;
mod row;
mod server;
mod service_accounts;
mod service_identities;
mod session_count;
mod session_row;
mod sessions;
mod signing_keys;
mod sqlite;
mod tallies;

use std::sync::Arc;

use appends::Appends;
use engine::{Alone, Pools, sql};
pub use file_lock::FileLock;
pub use listener::Listener;
pub use open::Location;
pub use server::Bounds;

use tracing::Instrument;

use super::{Result, StoreError, Stores};
use crate::{
    domain::Timestamp,
    telemetry::{Metrics, traces},
};

/// All stores in one SQL database. Each write is on disk before it is
/// acknowledged.
pub struct SqlStore {
    pools: Arc<Pools>,
    appends: Appends,
    metrics: Arc<Metrics>,
}

impl SqlStore {
    /// This store in the place of each.
    pub fn stores(self: &Arc<Self>) -> Stores {
        Stores {
            accounts: self.clone(),
            audit: self.clone(),
            audit_chain: self.clone(),
            journal: self.clone(),
            outbox: self.clone(),
            signing_keys: self.clone(),
            service_accounts: self.clone(),
            service_identities: self.clone(),
            tallies: self.clone(),
            sessions: self.clone(),
            codes: self.clone(),
            limits: self.clone(),
            revocations: self.clone(),
        }
    }

    /// Ends every connection.
    pub async fn close(&self) {
        self.pools.close().await;
    }

    /// Counts the time of an operation by its name, and ends it if it takes too
    /// long.
    async fn timed<T>(&self, operation: &'static str, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let start = tokio::time::Instant::now();
        let span = traces::store(self.pools.name(), operation);
        let result = self.pools.in_time(work).instrument(span.clone()).await;
        traces::outcome(&span, result.is_ok());
        self.metrics.store(operation, result.is_ok(), start.elapsed());
        result
    }

    /// Runs a statement that removes at most `limit` rows due at a time.
    async fn sweep_rows(
        &self,
        operation: &'static str,
        statement: &'static str,
        due: Timestamp,
        limit: u32,
    ) -> Result<u64> {
        self.timed(operation, async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            let removed = sql(statement).bind(due).bind(limit).run(&mut tx).await?;
            tx.commit().await?;
            Ok(removed)
        })
        .await
    }
}

fn unavailable(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnIndexOutOfBounds { .. } => {
            StoreError::Corrupt(error.to_string())
        }
        other => StoreError::Unavailable(Box::new(other)),
    }
}
