//! Each back end: empty stores, and what has to outlive them.

use std::{path::Path, sync::Arc};

use sekisho::storage::{
    Stores,
    sql::{Location, SqlStore},
};
use tempfile::TempDir;

use crate::support::servers::{location, postgres_database};

pub async fn sqlite() -> (Stores, TempDir) {
    let data = tempfile::tempdir().unwrap();
    let store = open_sqlite(&data.path().join("sekisho.db")).await;
    (store.stores(), data)
}

pub async fn open_sqlite(file: &Path) -> Arc<SqlStore> {
    let store = Arc::new(SqlStore::open(&Location::Sqlite(file.to_owned()), Arc::default()).await.unwrap());
    store.migrate().await.unwrap();
    store
}

pub async fn postgres() -> (Stores, Arc<SqlStore>) {
    let database = location(&postgres_database().await);
    let store = Arc::new(SqlStore::open(&database, Arc::default()).await.unwrap());
    (store.stores(), store)
}
