//! Real servers, as `deploy/servers.sh` starts them: one of each for the whole
//! run, and [`Owned`] ones for tests that break them. They end when this process
//! does, for their input ends with it.

mod owned;
mod script;

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU32, Ordering},
};

use sekisho::storage::sql::{Location, SqlStore};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, postgres::PgConnectOptions};
use tokio::sync::OnceCell;

pub use owned::Owned;
use script::Script;

const TEMPLATE: &str = "sekisho_template";
/// As many as `deploy/servers.sh` gives a Redis.
const REDIS_DATABASES: u32 = 4096;

/// The URL of a PostgreSQL database of its own, migrated and empty.
pub async fn postgres_database() -> String {
    static SERVER: OnceLock<Script> = OnceLock::new();
    static MIGRATED: OnceCell<()> = OnceCell::const_new();
    static DATABASES: AtomicU32 = AtomicU32::new(0);

    let server = shared(&SERVER, "postgres").await;
    MIGRATED.get_or_init(|| async { migrate_template(&server.url).await }).await;
    let name = format!("sekisho_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    execute(&server.url, format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}")).await;
    in_database(&server.url, &name)
}

/// The URL of a Redis database of its own, empty.
pub async fn redis_url() -> String {
    static SERVER: OnceLock<Script> = OnceLock::new();
    static DATABASES: AtomicU32 = AtomicU32::new(0);

    let server = shared(&SERVER, "redis").await;
    let database = DATABASES.fetch_add(1, Ordering::Relaxed);
    assert!(database < REDIS_DATABASES, "more tests than databases");
    format!("{}/{database}", server.url)
}

/// The URL of a Redis cluster, which others use too.
pub async fn redis_cluster_url() -> String {
    static SERVER: OnceLock<Script> = OnceLock::new();
    shared(&SERVER, "redis-cluster").await.url.clone()
}

async fn shared(server: &'static OnceLock<Script>, kind: &'static str) -> &'static Script {
    tokio::task::spawn_blocking(move || server.get_or_init(|| Script::start(kind, &[]))).await.unwrap()
}

async fn migrate_template(server: &str) {
    execute(server, format!("CREATE DATABASE {TEMPLATE}")).await;
    let store = SqlStore::open(&location(&in_database(server, TEMPLATE)), Arc::default()).await.unwrap();
    store.migrate().await.unwrap();
    store.close().await;
}

async fn execute(server: &str, statement: String) {
    let mut connection = server.parse::<PgConnectOptions>().unwrap().connect().await.unwrap();
    connection.execute(AssertSqlSafe(statement)).await.unwrap();
    connection.close().await.unwrap();
}

fn in_database(server: &str, name: &str) -> String {
    let (server, _) = server.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

/// Where a URL says that a store is.
pub fn location(url: &str) -> Location {
    Location::parse(url).expect("a URL of a store")
}
