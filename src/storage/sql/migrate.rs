//! Migrations, embedded.

use std::borrow::Cow;

use sqlx::{
    SqlStr,
    migrate::{Migrate, Migration, MigrationType, Migrator},
};

use super::{Result, SqlStore, StoreError, unavailable};

const MIGRATIONS: [(i64, &str, &str); 2] = [
    (1, "accounts", include_str!("../../../migrations/sqlite/0001_accounts.sql")),
    (2, "volatile", include_str!("../../../migrations/sqlite/0002_volatile.sql")),
];

fn migrator() -> Migrator {
    let migrations = MIGRATIONS.map(|(version, name, sql)| {
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, SqlStr::from_static(sql), false)
    });
    Migrator::with_migrations(migrations.into())
}

impl SqlStore {
    /// Runs the migrations that are missing.
    pub async fn migrate(&self) -> Result<()> {
        migrator().run(&self.writer).await.map_err(|error| StoreError::Unavailable(Box::new(error)))
    }

    /// The names of the migrations that are missing.
    pub async fn pending_migrations(&self) -> Result<Vec<String>> {
        let mut connection = self.writer.acquire().await.map_err(unavailable)?;
        let fault = |error: sqlx::migrate::MigrateError| StoreError::Unavailable(Box::new(error));
        connection.ensure_migrations_table("_sqlx_migrations").await.map_err(fault)?;
        let applied = connection.list_applied_migrations("_sqlx_migrations").await.map_err(fault)?;
        let is_missing = |version: i64| applied.iter().all(|done| done.version != version);
        Ok(MIGRATIONS
            .iter()
            .filter(|(version, _, _)| is_missing(*version))
            .map(|(version, name, _)| format!("{version:04}_{name}"))
            .collect())
    }
}
