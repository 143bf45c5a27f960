//! Real servers, one of each for the whole run, as `deploy/servers.sh` starts
//! them. They end when this process does, for their input ends with it.

use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use sekisho::storage::sql::{Bounds, Location, SqlStore};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, postgres::PgConnectOptions};
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

/// The URL of a PostgreSQL database of its own, migrated and empty.
pub async fn postgres_database() -> String {
    static SERVER: OnceLock<Server> = OnceLock::new();
    static MIGRATED: OnceCell<()> = OnceCell::const_new();
    static DATABASES: AtomicU32 = AtomicU32::new(0);

    let server = tokio::task::spawn_blocking(|| SERVER.get_or_init(|| start("postgres"))).await.unwrap();
    MIGRATED.get_or_init(|| async { migrate_template(&server.url).await }).await;
    let name = format!("sekisho_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
    execute(&server.url, format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}")).await;
    in_database(&server.url, &name)
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

/// Where a URL says that a store is. It may take its time: a busy machine is no
/// fault.
pub fn location(url: &str) -> Location {
    let bounds = Bounds { timeout: Duration::from_secs(10), connections: 16 };
    Location::parse(url, bounds).expect("a URL of a store")
}
