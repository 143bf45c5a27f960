//! Real servers, as `deploy/servers.sh` starts them: one of each for the whole
//! run, and [`Owned`] ones for tests that break them. They end when this process
//! does, for their input ends with it.

mod owned;
mod script;

use std::{
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use sekisho::storage::sql::{Bounds, Location, SqlStore};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, Row, postgres::PgConnectOptions};
use tokio::sync::OnceCell;

pub use owned::Owned;
use script::Script;

const TEMPLATE: &str = "sekisho_template";

/// The URL of the server's default database, as a superuser.
pub async fn postgres_server() -> &'static str {
    static SERVER: OnceLock<Script> = OnceLock::new();
    &shared(&SERVER, "postgres", &[]).await.url
}

/// The URL of a PostgreSQL database of its own, migrated and empty.
pub async fn postgres_database() -> String {
    static MIGRATED: OnceCell<()> = OnceCell::const_new();
    MIGRATED.get_or_init(|| async { migrate_template(postgres_server().await).await }).await;
    database_like(TEMPLATE).await
}

/// The same, before any migration.
pub async fn new_postgres_database() -> String {
    database_like("template0").await
}

/// The URL of a PostgreSQL database of its own, which has what another one has.
pub async fn database_like(template: &str) -> String {
    static DATABASES: AtomicU32 = AtomicU32::new(0);
    let server = postgres_server().await;
    let name = format!("sekisho_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    execute(server, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
    in_database(server, &name)
}

/// The folder of PostgreSQL's own commands.
pub async fn postgres_tools() -> PathBuf {
    let mut connection = connect(postgres_server().await).await;
    let row = connection.fetch_one("SELECT setting FROM pg_config WHERE name = 'BINDIR'").await.unwrap();
    PathBuf::from(row.get::<String, _>(0))
}

/// Where nothing has to outlive its server, no disk is waited for.
const NOBODY_BREAKS_IT: [&str; 2] = ["--appendfsync", "no"];

/// The URL of a Redis, which others use too: [`redis_prefix`] keeps them apart.
pub async fn redis_url() -> String {
    static SERVER: OnceLock<Script> = OnceLock::new();
    shared(&SERVER, "redis", &NOBODY_BREAKS_IT).await.url.clone()
}

/// What the keys of a test begin with.
pub fn redis_prefix() -> String {
    static PREFIXES: AtomicU32 = AtomicU32::new(0);
    format!("test-{}-{}:", std::process::id(), PREFIXES.fetch_add(1, Ordering::Relaxed))
}

/// The URL of a Redis cluster, which others use too.
pub async fn redis_cluster_url() -> String {
    static SERVER: OnceLock<Script> = OnceLock::new();
    shared(&SERVER, "redis-cluster", &[&NOBODY_BREAKS_IT[..], &["--cluster-node-timeout", "60000"]].concat())
        .await
        .url
        .clone()
}

async fn shared(server: &'static OnceLock<Script>, kind: &'static str, options: &[&'static str]) -> &'static Script {
    let options = options.to_vec();
    tokio::task::spawn_blocking(move || server.get_or_init(|| Script::start(kind, &options))).await.unwrap()
}

async fn migrate_template(server: &str) {
    execute(server, format!("CREATE DATABASE {TEMPLATE}")).await;
    let store = SqlStore::open(&location(&in_database(server, TEMPLATE)), Arc::default()).await.unwrap();
    store.migrate().await.unwrap();
    store.close().await;
}

/// A connection of a test's own.
pub async fn connect(url: &str) -> PgConnection {
    url.parse::<PgConnectOptions>().unwrap().connect().await.unwrap()
}

/// Runs a statement on a connection of its own.
pub async fn execute(url: &str, statement: String) {
    let mut connection = connect(url).await;
    connection.execute(AssertSqlSafe(statement)).await.unwrap();
    connection.close().await.unwrap();
}

/// The URL of another database of a server.
pub fn in_database(server: &str, name: &str) -> String {
    let (server, _) = server.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

/// Where a URL says that a store is. It may take its time: a busy machine is no
/// fault.
pub fn location(url: &str) -> Location {
    let bounds = Bounds { timeout: Duration::from_secs(10), connections: 16 };
    Location::parse(url, bounds).expect("a URL of a store")
}
