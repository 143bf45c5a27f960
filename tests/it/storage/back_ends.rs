//! Each back end: empty stores, and what has to outlive them.

use std::{path::Path, sync::Arc};

use sekisho::storage::{Stores, sql::SqlStore};
use tempfile::TempDir;

pub async fn sqlite() -> (Stores, TempDir) {
    let data = tempfile::tempdir().unwrap();
    let store = open_sqlite(&data.path().join("sekisho.db")).await;
    (store.stores(), data)
}

pub async fn open_sqlite(file: &Path) -> Arc<SqlStore> {
    let store = Arc::new(SqlStore::open(file, Arc::default()).await.unwrap());
    store.migrate().await.unwrap();
    store
}
