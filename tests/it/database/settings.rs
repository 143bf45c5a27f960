//! What a server is set to.

use crate::support::{
    process::{run, serve_settings},
    servers::{execute, postgres_database},
};

#[tokio::test]
async fn a_server_that_acknowledges_too_early_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let url = postgres_database().await;
    let mut settings = serve_settings(folder.path());
    settings.push(("SEKISHO_DATABASE_URL", url.clone()));
    let before = run(folder.path(), &["keys", "list"], &settings).await;
    assert_eq!(before.code, Some(0));
    assert!(!before.stderr.contains("synchronous_commit"), "{}", before.stderr);

    let (_, database) = url.rsplit_once('/').unwrap();
    execute(&url, format!("ALTER DATABASE {database} SET synchronous_commit = off")).await;
    let after = run(folder.path(), &["keys", "list"], &settings).await;
    assert_eq!(after.code, Some(0));
    assert!(after.stderr.contains("synchronous_commit is off"), "{}", after.stderr);
}
