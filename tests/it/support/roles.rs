//! PostgreSQL with the roles of `deploy/postgres/roles.sql`.

use std::path::Path;

use tokio::{process::Command, sync::OnceCell};

use super::{
    process::{run, serve_settings},
    servers::{database_like, execute, in_database, postgres_server, postgres_tools},
};

const TEMPLATE: &str = "sekisho_roles";

/// The same database, as another user.
pub fn as_role(url: &str, role: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap();
    let (_, place) = rest.split_once('@').unwrap();
    format!("{scheme}://{role}@{place}")
}

/// Runs the script in a database, as its superuser.
pub async fn make_roles(url: &str) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/postgres/roles.sql");
    let psql = postgres_tools().await.join("psql");
    let output = Command::new(psql).args(["-v", "ON_ERROR_STOP=1", "-qf"]).arg(script).arg(url).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Brings a database up to date, as the role that may.
pub async fn migrate_as_owner(url: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = serve_settings(folder.path());
    settings.push(("SEKISHO_DATABASE_URL", as_role(url, "sekisho_migrate")));
    let ended = run(folder.path(), &["migrate"], &settings).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

/// The URL of a database of its own, as a superuser: migrated and empty, with its roles.
pub async fn postgres_database_with_roles() -> String {
    static MADE: OnceCell<()> = OnceCell::const_new();
    MADE.get_or_init(|| async {
        new_database_with_roles(postgres_server().await).await;
    })
    .await;
    database_like(TEMPLATE).await
}

/// The same on a server that has none yet.
pub async fn new_database_with_roles(server: &str) -> String {
    execute(server, format!("CREATE DATABASE {TEMPLATE}")).await;
    let database = in_database(server, TEMPLATE);
    make_roles(&database).await;
    migrate_as_owner(&database).await;
    make_roles(&database).await;
    database
}
