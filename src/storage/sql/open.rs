//! Opening a store.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use sqlx::{
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use zeroize::Zeroizing;

use super::{Pools, Result, SqlStore, StoreError, unavailable};
use crate::telemetry::Metrics;

/// How long a write waits for its turn before the store counts as down.
const BUSY: Duration = Duration::from_secs(5);
const READERS: u32 = 4;
const CONNECTIONS: u32 = 16;

/// Where a store is.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file.
    Sqlite(PathBuf),
    /// The URL of a server; may hold a password.
    Postgres(Zeroizing<String>),
}

impl Location {
    /// Reads `sqlite://FILE` or `postgres://…`.
    pub fn parse(url: &str) -> Option<Self> {
        if let Some(file) = url.strip_prefix("sqlite://") {
            return (!file.is_empty() && !file.contains('?')).then(|| Self::Sqlite(PathBuf::from(file)));
        }
        let is_postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
        (is_postgres && PgConnectOptions::from_str(url).is_ok()).then(|| Self::Postgres(Zeroizing::new(url.to_owned())))
    }
}

impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(file) => write!(f, "Sqlite({})", file.display()),
            Self::Postgres(_) => f.write_str("Postgres(…)"),
        }
    }
}

impl SqlStore {
    /// Opens a store. A SQLite file is made if it is not there.
    pub async fn open(location: &Location, metrics: Arc<Metrics>) -> Result<Self> {
        let pools = match location {
            Location::Sqlite(file) => sqlite(file).await?,
            Location::Postgres(url) => postgres(url).await?,
        };
        Ok(Self { pools, metrics })
    }
}

async fn sqlite(file: &Path) -> Result<Pools> {
    keep_private(file).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
    let options = SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY);
    let pool = |size| SqlitePoolOptions::new().max_connections(size).acquire_timeout(BUSY);
    let writer = pool(1).min_connections(1).connect_with(options.clone()).await.map_err(unavailable)?;
    let readers = pool(READERS).connect_with(options.read_only(true)).await.map_err(unavailable)?;
    Ok(Pools::Sqlite { writer, readers })
}

async fn postgres(url: &str) -> Result<Pools> {
    let options = PgConnectOptions::from_str(url).map_err(unavailable)?.application_name("sekisho").options([
        ("statement_timeout", "2s"),
        ("lock_timeout", "2s"),
        ("idle_in_transaction_session_timeout", "10s"),
    ]);
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(BUSY);
    Ok(Pools::Postgres(pool.connect_with(options).await.map_err(unavailable)?))
}

/// Makes the file, if it is not there, readable by its owner only; SQLite gives
/// the files beside it the same mode.
fn keep_private(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(file).map(drop)
}
