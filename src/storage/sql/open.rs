//! Opening a store.

use std::{path::PathBuf, str::FromStr, sync::Arc};

use sqlx::postgres::PgConnectOptions;
use zeroize::Zeroizing;

use super::{
    Pools, Result, SqlStore,
    appends::Appends,
    server::{Bounds, Server},
    sqlite,
};
use crate::telemetry::Metrics;

/// Where a store is.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file.
    Sqlite(PathBuf),
    /// The URL of a server, which may hold a password.
    Postgres(Zeroizing<String>, Bounds),
}

impl Location {
    /// Reads `sqlite://FILE` or `postgres://…`; the bounds are those of a server.
    pub fn parse(url: &str, bounds: Bounds) -> Option<Self> {
        if let Some(file) = url.strip_prefix("sqlite://") {
            return (!file.is_empty() && !file.contains('?')).then(|| Self::Sqlite(PathBuf::from(file)));
        }
        let is_postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
        let is_readable = is_postgres && PgConnectOptions::from_str(url).is_ok();
        is_readable.then(|| Self::Postgres(Zeroizing::new(url.to_owned()), bounds))
    }
}

impl std::fmt::Debug for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(file) => write!(f, "Sqlite({})", file.display()),
            Self::Postgres(..) => f.write_str("Postgres(…)"),
        }
    }
}

impl SqlStore {
    /// Opens a store. A SQLite file is made if it is not there.
    pub async fn open(location: &Location, metrics: Arc<Metrics>) -> Result<Self> {
        let pools = match location {
            Location::Sqlite(file) => sqlite::open(file).await?,
            Location::Postgres(url, bounds) => Pools::Postgres(Server::open(url, *bounds).await?),
        };
        Ok(Self { pools: Arc::new(pools), appends: Appends::default(), metrics })
    }
}
