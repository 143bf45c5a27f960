//! Each back end: empty stores, and what has to outlive them.

use std::{path::Path, sync::Arc, time::Duration};

use sekisho::{
    clock::ManualClock,
    entropy::SystemEntropy,
    storage::{
        Stores,
        redis::{RedisNeeds, RedisOptions, RedisStore, RedisUrl},
        sql::{Location, SqlStore},
    },
};
use tempfile::TempDir;

use crate::support::servers::{location, postgres_database, redis_cluster_url, redis_prefix, redis_url};

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

pub async fn redis() -> (Stores, (TempDir, Arc<RedisStore>)) {
    on_redis(&redis_url().await).await
}

pub async fn redis_cluster() -> (Stores, (TempDir, Arc<RedisStore>)) {
    on_redis(&redis_cluster_url().await).await
}

/// What is volatile on Redis, the rest on SQLite.
async fn on_redis(url: &str) -> (Stores, (TempDir, Arc<RedisStore>)) {
    let data = tempfile::tempdir().unwrap();
    let sql = open_sqlite(&data.path().join("sekisho.db")).await;
    let redis = open_redis(url, &redis_prefix(), &sql).await;
    let stores = Stores {
        sessions: redis.clone(),
        codes: redis.clone(),
        limits: redis.clone(),
        revocations: redis.clone(),
        ..sql.stores()
    };
    (stores, (data, redis))
}

pub async fn open_redis(url: &str, prefix: &str, sql: &Arc<SqlStore>) -> Arc<RedisStore> {
    let options = RedisOptions {
        url: RedisUrl::parse(url).unwrap(),
        prefix: prefix.to_owned(),
        deadline: Duration::from_secs(10),
    };
    let needs = RedisNeeds {
        journal: sql.clone(),
        fence: sql.clone(),
        clock: Arc::new(ManualClock::at(super::data::NOW)),
        entropy: Arc::new(SystemEntropy),
        metrics: Arc::default(),
        stream_kept: Duration::from_secs(60),
    };
    let store = RedisStore::start(&options, needs).unwrap();
    store.mend().await.unwrap();
    Arc::new(store)
}
