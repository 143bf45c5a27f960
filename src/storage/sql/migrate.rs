//! Migrations, embedded: one folder per engine, equal numbers for equal things.

use std::borrow::Cow;

use sqlx::{
    Pool, SqlStr,
    migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator},
};

use super::{Pools, Result, SqlStore, StoreError, unavailable};

/// Number, name, for SQLite, for PostgreSQL.
const MIGRATIONS: [(i64, &str, &str, &str); 4] = [
    (
        1,
        "accounts",
        include_str!("../../../migrations/sqlite/0001_accounts.sql"),
        include_str!("../../../migrations/postgres/0001_accounts.sql"),
    ),
    (
        2,
        "volatile",
        include_str!("../../../migrations/sqlite/0002_volatile.sql"),
        include_str!("../../../migrations/postgres/0002_volatile.sql"),
    ),
    (
        3,
        "outbox",
        include_str!("../../../migrations/sqlite/0003_outbox.sql"),
        include_str!("../../../migrations/postgres/0003_outbox.sql"),
    ),
    (
        4,
        "volatile_fence",
        include_str!("../../../migrations/sqlite/0004_volatile_fence.sql"),
        include_str!("../../../migrations/postgres/0004_volatile_fence.sql"),
    ),
];

fn migrator(pools: &Pools) -> Migrator {
    let migrations = MIGRATIONS.map(|(version, name, sqlite, postgres)| {
        let sql = match pools {
            Pools::Sqlite { .. } => sqlite,
            Pools::Postgres(_) => postgres,
        };
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, SqlStr::from_static(sql), false)
    });
    Migrator::with_migrations(migrations.into())
}

fn fault(error: MigrateError) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

/// The numbers of the migrations that were run.
async fn applied<DB: sqlx::Database>(pool: &Pool<DB>) -> Result<Vec<i64>>
where
    DB::Connection: Migrate,
{
    let mut connection = pool.acquire().await.map_err(unavailable)?;
    connection.ensure_migrations_table("_sqlx_migrations").await.map_err(fault)?;
    let applied = connection.list_applied_migrations("_sqlx_migrations").await.map_err(fault)?;
    Ok(applied.into_iter().map(|done| done.version).collect())
}

impl SqlStore {
    /// Runs the migrations that are missing.
    pub async fn migrate(&self) -> Result<()> {
        let migrator = migrator(&self.pools);
        match &self.pools {
            Pools::Sqlite { writer, .. } => migrator.run(writer).await,
            Pools::Postgres(pool) => migrator.run(pool).await,
        }
        .map_err(fault)
    }

    /// The names of the migrations that are missing.
    pub async fn pending_migrations(&self) -> Result<Vec<String>> {
        let applied = match &self.pools {
            Pools::Sqlite { writer, .. } => applied(writer).await?,
            Pools::Postgres(pool) => applied(pool).await?,
        };
        let missing = MIGRATIONS.iter().filter(|(version, ..)| !applied.contains(version));
        Ok(missing.map(|(version, name, ..)| format!("{version:04}_{name}")).collect())
    }
}
