//! The SQL back end: every trait on one SQLite file.
//!
//! Statements stay within what SQLite and PostgreSQL both understand: `$n`
//! parameters, `ON CONFLICT`, `RETURNING`, times and flags bound by the caller.

mod accounts;
mod audit;
mod codes;
mod convert;
mod journal;
mod limits;
mod migrate;
mod rotate;
mod session_row;
mod sessions;
mod signing_keys;

use std::{path::Path, sync::Arc, time::Duration};

use sqlx::{
    Sqlite, SqlitePool, Transaction,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{Result, StoreError, Stores};
use crate::telemetry::Metrics;

/// How long a write waits for its turn before the store counts as down.
const BUSY: Duration = Duration::from_secs(5);
const READERS: u32 = 4;

/// All stores in one SQLite file.
///
/// One connection writes: SQLite has one writer anyway, and waiting here is
/// fair, while its own lock is not. Each write is synced before it is
/// acknowledged.
pub struct SqlStore {
    writer: SqlitePool,
    readers: SqlitePool,
    metrics: Arc<Metrics>,
}

impl SqlStore {
    /// Opens the file, and makes it if it is not there.
    pub async fn open(path: &Path, metrics: Arc<Metrics>) -> Result<Self> {
        keep_private(path).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY);
        let pool = |size| SqlitePoolOptions::new().max_connections(size).acquire_timeout(BUSY);
        let writer = pool(1).min_connections(1).connect_with(options.clone()).await.map_err(unavailable)?;
        let readers = pool(READERS).connect_with(options.read_only(true)).await.map_err(unavailable)?;
        Ok(Self { writer, readers, metrics })
    }

    /// This store in the place of each.
    pub fn stores(self: &Arc<Self>) -> Stores {
        Stores {
            accounts: self.clone(),
            audit: self.clone(),
            journal: self.clone(),
            signing_keys: self.clone(),
            sessions: self.clone(),
            codes: self.clone(),
            limits: self.clone(),
        }
    }

    /// Whether it answers.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT 1").execute(&self.readers).await.map_err(unavailable)?;
        Ok(())
    }

    /// Ends every connection; what was acknowledged is on disk.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// A transaction that holds the write lock from its start.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>> {
        self.writer.begin_with("BEGIN IMMEDIATE").await.map_err(unavailable)
    }

    /// Counts the time of an operation by its name.
    async fn timed<T>(&self, operation: &'static str, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let start = tokio::time::Instant::now();
        let result = work.await;
        self.metrics.store(operation, result.is_ok(), start.elapsed());
        result
    }
}

/// Makes the file, if it is not there, readable by its owner only; SQLite gives
/// the files beside it the same mode.
fn keep_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(path).map(drop)
}

async fn commit(transaction: Transaction<'static, Sqlite>) -> Result<()> {
    transaction.commit().await.map_err(unavailable)
}

fn unavailable(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnIndexOutOfBounds { .. } => {
            StoreError::Corrupt(error.to_string())
        }
        other => StoreError::Unavailable(Box::new(other)),
    }
}

impl SqlStore {
    /// Runs a statement that removes at most `limit` rows due at a time.
    async fn sweep_rows(
        &self,
        operation: &'static str,
        statement: &'static str,
        due: crate::domain::Timestamp,
        limit: u32,
    ) -> Result<u64> {
        self.timed(operation, async {
            let mut tx = self.begin().await?;
            let query = sqlx::query(statement).bind(due).bind(i64::from(limit));
            let removed = query.execute(&mut *tx).await.map_err(unavailable)?.rows_affected();
            commit(tx).await?;
            Ok(removed)
        })
        .await
    }
}
