//! Migrations, embedded: one folder per engine, equal numbers for equal things.

use std::borrow::Cow;

use sqlx::{
    SqlStr,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

use super::{Pools, Result, SqlStore, StoreError, engine::sql, unavailable};

/// Number, name, for SQLite, for PostgreSQL.
const MIGRATIONS: [(i64, &str, &str, &str); 10] = [
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
    (
        5,
        "service_accounts",
        include_str!("../../../migrations/sqlite/0005_service_accounts.sql"),
        include_str!("../../../migrations/postgres/0005_service_accounts.sql"),
    ),
    (
        6,
        "account_changes",
        include_str!("../../../migrations/sqlite/0006_account_changes.sql"),
        include_str!("../../../migrations/postgres/0006_account_changes.sql"),
    ),
    (
        7,
        "audit_chain",
        include_str!("../../../migrations/sqlite/0007_audit_chain.sql"),
        include_str!("../../../migrations/postgres/0007_audit_chain.sql"),
    ),
    (
        8,
        "password_history",
        include_str!("../../../migrations/sqlite/0008_password_history.sql"),
        include_str!("../../../migrations/postgres/0008_password_history.sql"),
    ),
    (
        9,
        "tallies",
        include_str!("../../../migrations/sqlite/0009_tallies.sql"),
        include_str!("../../../migrations/postgres/0009_tallies.sql"),
    ),
    (
        10,
        "service_identities",
        include_str!("../../../migrations/sqlite/0010_service_identities.sql"),
        include_str!("../../../migrations/postgres/0010_service_identities.sql"),
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
    let mut migrator = Migrator::with_migrations(migrations.into());
    // A newer release may have been here; its schema is one that we run on.
    migrator.set_ignore_missing(true);
    migrator
}

fn fault(error: MigrateError) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

/// The numbers of the migrations that were run. Changes nothing: who serves
/// need not be allowed to make tables.
async fn applied(pools: &Pools) -> Result<Vec<i64>> {
    let is_there = sql(match pools {
        Pools::Sqlite { .. } => "SELECT 1 FROM sqlite_schema WHERE name = '_sqlx_migrations'",
        Pools::Postgres(_) => "SELECT 1 WHERE to_regclass('_sqlx_migrations') IS NOT NULL",
    });
    if is_there.read_one(pools).await?.is_none() {
        return Ok(Vec::new());
    }
    let rows = sql("SELECT version FROM _sqlx_migrations WHERE success").read_all(pools).await?;
    rows.iter().map(|row| row.get("version")).collect()
}

impl SqlStore {
    /// Runs the migrations that are missing.
    pub async fn migrate(&self) -> Result<()> {
        let migrator = migrator(&self.pools);
        match &*self.pools {
            Pools::Sqlite { writer, .. } => migrator.run(writer).await,
            Pools::Postgres(server) => {
                let mut connection = server.migrating().await.map_err(unavailable)?;
                migrator.run(&mut connection).await
            }
        }
        .map_err(fault)
    }

    /// The names of the migrations that are missing.
    pub async fn pending_migrations(&self) -> Result<Vec<String>> {
        let applied = self.timed("migrations.list", applied(&self.pools)).await?;
        let missing = MIGRATIONS.iter().filter(|(version, ..)| !applied.contains(version));
        Ok(missing.map(|(version, name, ..)| format!("{version:04}_{name}")).collect())
    }
}
