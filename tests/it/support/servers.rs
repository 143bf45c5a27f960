//! Real servers, one of each for the whole run, as `deploy/servers.sh` starts
//! them. They end when this process does, for their input ends with it.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use sekisho::storage::sql::{Bounds, Location, SqlStore};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, Row, postgres::PgConnectOptions};
use tokio::sync::OnceCell;

const TEMPLATE: &str = "sekisho_template";

struct Server {
    url: String,
    _process: Child,
}

fn start(name: &str) -> Server {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/servers.sh");
    let mut process =
        Command::new(script).arg(name).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("deploy/servers.sh");
    let mut url = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
    assert!(!url.is_empty(), "{name} did not start");
    Server { url: url.trim().to_owned(), _process: process }
}

async fn postgres_server() -> &'static str {
    static SERVER: OnceLock<Server> = OnceLock::new();
    &tokio::task::spawn_blocking(|| SERVER.get_or_init(|| start("postgres"))).await.unwrap().url
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

async fn database_like(template: &str) -> String {
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

fn in_database(server: &str, name: &str) -> String {
    let (server, _) = server.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}

/// Where a URL says that a store is. It may take its time: a busy machine is no
/// fault.
pub fn location(url: &str) -> Location {
    let bounds = Bounds { timeout: Duration::from_secs(10), connections: 16 };
    Location::parse(url, bounds).expect("a URL of a store")
}
