//! A PostgreSQL server, and how long it is waited for.

use std::{str::FromStr, time::Duration};

use sqlx::{
    ConnectOptions, Executor, PgConnection, PgPool, Postgres, Row,
    migrate::Migrate,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::timeout;

use super::{Result, StoreError, lease::Lease, listener::pool_of_one, unavailable};

/// For the first connection: a server that is starting is worth a wait.
const FIRST: Duration = Duration::from_secs(5);
/// What nobody waits for any more, the server gives up by itself.
const LIMITS: [&str; 3] = ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"];
/// For a migration to get at a table that is in use: all others wait behind it.
const MIGRATION_LOCK: &str = "SET lock_timeout = '100ms'";

/// What a server is given before it counts as down.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// How long an operation may take.
    pub timeout: Duration,
    /// How many connections there may be.
    pub connections: u32,
}

/// A pool of connections, each operation on which ends in time.
pub(super) struct Server {
    pool: PgPool,
    timeout: Duration,
}

impl Server {
    pub(super) async fn open(url: &str, Bounds { timeout, connections }: Bounds) -> Result<Self> {
        let options = PgConnectOptions::from_str(url).map_err(unavailable)?.application_name("sekisho");
        let limit = format!("{}ms", timeout.as_millis());
        let options = options.options(LIMITS.map(|name| (name, &limit)));
        look_at_settings(&options).await?;
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(timeout)
            // `lease` asks a better question.
            .test_before_acquire(false)
            .connect_lazy_with(options);
        Ok(Self { pool, timeout })
    }

    /// A connection to a server that takes writes: what a replica says may be
    /// out of date.
    pub(super) async fn lease(&self) -> Result<Lease<Postgres>> {
        // Those that lay idle may have died with their server; then a new one.
        for _ in 0..=self.pool.num_idle() {
            let mut lease = Lease::new(self.pool.acquire().await.map_err(unavailable)?, self.timeout);
            match timeout(self.timeout / 2, lease.takes_writes()).await {
                Ok(Ok(true)) => return Ok(lease),
                Ok(Ok(false)) => return Err(StoreError::Unavailable("the server takes no writes".into())),
                Ok(Err(error)) => tracing::debug!(%error, "a connection had died"),
                Err(_) => self.forget_idle(),
            }
        }
        Err(StoreError::Unavailable("no connection answers".into()))
    }

    /// Where one connection hangs, those that lay idle beside it hang as well.
    fn forget_idle(&self) {
        while let Some(connection) = self.pool.try_acquire() {
            drop(connection.detach());
        }
    }

    /// Ends work that takes too long.
    pub(super) async fn in_time<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        timeout(self.timeout, work).await.unwrap_or_else(|_| {
            Err(StoreError::Unavailable(format!("no answer within {} ms", self.timeout.as_millis()).into()))
        })
    }

    /// A pool for one connection more, which may wait for as long as it likes.
    pub(super) fn apart(&self) -> PgPool {
        let options = (*self.pool.connect_options()).clone();
        pool_of_one().acquire_timeout(self.timeout).connect_lazy_with(options)
    }

    /// A connection for migrations. They may take long, but one process runs
    /// them at a time, and none keeps others from a table.
    pub(super) async fn migrating(&self) -> sqlx::Result<PgConnection> {
        let options = (*self.pool.connect_options()).clone().options(LIMITS.map(|name| (name, "0")));
        let mut connection = options.connect().await?;
        connection.lock().await.map_err(|error| sqlx::Error::Migrate(Box::new(error)))?;
        connection.execute(MIGRATION_LOCK).await?;
        Ok(connection)
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

/// Makes a first connection, and warns of what the server does not promise.
async fn look_at_settings(options: &PgConnectOptions) -> Result<()> {
    let first = PgPoolOptions::new().max_connections(1).acquire_timeout(FIRST);
    let look = async {
        let pool = first.connect_with(options.clone()).await?;
        let setting: String = pool.fetch_one("SHOW synchronous_commit").await?.try_get(0)?;
        pool.close().await;
        Ok(setting)
    };
    let setting = timeout(FIRST, look).await.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map_err(unavailable)?;
    if setting == "off" {
        tracing::warn!("synchronous_commit is off: a crash of the server undoes what was acknowledged");
    }
    Ok(())
}
