//! What each role of `deploy/postgres/roles.sql` may do, and that it may do no more. The
//! suite as a whole runs as the one that serves, in `stacks`.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use crate::support::{
    process::{Ended, Service, run, serve_settings},
    roles::{as_role, make_roles, migrate_as_owner, postgres_database_with_roles},
    servers::{connect, new_postgres_database, postgres_database},
};

/// `insufficient_privilege`; see appendix A of PostgreSQL's manual.
const DENIED: &str = "42501";

async fn connected(url: &str, role: &str) -> PgConnection {
    connect(&as_role(url, role)).await
}

async fn is_denied(connection: &mut PgConnection, statement: &'static str) {
    let error = connection.execute(statement).await.map(drop).expect_err(statement);
    let code = error.as_database_error().and_then(|error| error.code()).unwrap().into_owned();
    assert_eq!(code, DENIED, "{statement}: {error}");
}

async fn command(url: &str, role: &str, arguments: &[&str]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = serve_settings(folder.path());
    settings.push(("SEKISHO_DATABASE_URL", as_role(url, role)));
    run(folder.path(), arguments, &settings).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_serves_changes_no_table_and_rewrites_no_history() {
    let url = postgres_database_with_roles().await;
    // What is said of the database itself is not taken over from its template.
    make_roles(&url).await;
    let mut serving = connected(&url, "sekisho_serve").await;
    for statement in [
        "CREATE TABLE more (id INTEGER)",
        "CREATE SCHEMA more",
        "CREATE TEMPORARY TABLE more (id INTEGER)",
        "ALTER TABLE accounts ADD COLUMN more TEXT",
        "DROP TABLE accounts",
        "TRUNCATE audit_events",
        "ALTER TABLE audit_events DISABLE TRIGGER ALL",
        "UPDATE audit_events SET kind = 'nothing'",
        "UPDATE audit_links SET seq = 0",
        "UPDATE audit_seals SET mac = ''",
        "UPDATE revocation_journal SET reason = ''",
        "UPDATE password_history SET hash = ''",
        "DELETE FROM _sqlx_migrations",
        "INSERT INTO _sqlx_migrations SELECT * FROM _sqlx_migrations",
        "SELECT * FROM pg_authid",
        "COPY accounts TO PROGRAM 'true'",
        "SET ROLE sekisho_migrate",
        "CREATE ROLE more",
    ] {
        is_denied(&mut serving, statement).await;
    }
    let ended = command(&url, "sekisho_serve", &["migrate"]).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{}", ended.stderr);
}

/// A release that makes tables, before anybody runs the script again.
#[tokio::test(flavor = "multi_thread")]
async fn who_serves_may_use_what_the_next_release_makes() {
    let url = postgres_database_with_roles().await;
    let mut owner = connected(&url, "sekisho_migrate").await;
    owner.execute("CREATE TABLE more (id BIGINT GENERATED ALWAYS AS IDENTITY, name TEXT NOT NULL)").await.unwrap();
    let mut serving = connected(&url, "sekisho_serve").await;
    for statement in [
        "INSERT INTO more (name) VALUES ('one')",
        "UPDATE more SET name = 'two'",
        "SELECT name FROM more FOR UPDATE",
        "DELETE FROM more",
    ] {
        serving.execute(statement).await.expect(statement);
    }
    is_denied(&mut connected(&url, "sekisho_audit").await, "SELECT * FROM more").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_the_audit_log_reads_nothing_else() {
    let url = postgres_database_with_roles().await;
    let folder = tempfile::tempdir().unwrap();
    let mut settings = serve_settings(folder.path());
    settings.push(("SEKISHO_DATABASE_URL", as_role(&url, "sekisho_serve")));
    let service = Service::start(folder.path(), &["serve"], &settings).await;
    let body = serde_json::json!({"refresh_token": "x", "client_id": "a"});
    service.post("/api/v1/auth/logout", body).await;
    service.signal(rustix::process::Signal::TERM);
    assert_eq!(service.ended().await.code, Some(0));
    let made = command(&url, "sekisho_serve", &["service", "create", "orders", "--scope", "a"]).await;
    assert_eq!(made.code, Some(0), "{}", made.stderr);

    for arguments in [&["audit", "export"][..], &["audit", "verify"], &["audit", "list"], &["audit", "report"]] {
        let ended = command(&url, "sekisho_audit", arguments).await;
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.stderr);
    }
    let exported = command(&url, "sekisho_audit", &["audit", "export"]).await.stdout;
    assert!(exported.contains("service_created"), "{exported}");
    let mut reading = connected(&url, "sekisho_audit").await;
    for statement in [
        "SELECT * FROM accounts",
        "SELECT * FROM sessions",
        "SELECT * FROM signing_keys",
        "SELECT * FROM codes",
        "SELECT * FROM service_accounts",
        "INSERT INTO audit_events (at, kind, request_id) VALUES (now(), 'x', 'x')",
        "DELETE FROM audit_events",
        "CREATE TABLE more (id INTEGER)",
    ] {
        is_denied(&mut reading, statement).await;
    }
}

/// A database as it was before there were roles: its tables change hands, and nobody else
/// is let in any more.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_there_is_given_its_roles() {
    let url = postgres_database().await;
    make_roles(&url).await;
    make_roles(&url).await;
    migrate_as_owner(&url).await;
    let mut admin = connect(&url).await;
    let owners = "SELECT DISTINCT tableowner::text FROM pg_tables WHERE schemaname = 'public'";
    let owners: Vec<String> = admin.fetch_all(owners).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(owners, ["sekisho_migrate"]);
    let stranger = format!("stranger_{}", std::process::id());
    admin.execute(AssertSqlSafe(format!("CREATE ROLE {stranger} LOGIN"))).await.unwrap();
    let error = PgConnection::connect(&as_role(&url, &stranger)).await.map(drop).unwrap_err();
    assert!(error.to_string().contains("permission denied for database"), "{error}");
}

/// The owner makes everything from nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_new_database_is_migrated_by_its_owner() {
    let url = new_postgres_database().await;
    make_roles(&url).await;
    migrate_as_owner(&url).await;
    let folder = tempfile::tempdir().unwrap();
    let mut settings = serve_settings(folder.path());
    settings.push(("SEKISHO_DATABASE_URL", as_role(&url, "sekisho_serve")));
    let service = Service::start(folder.path(), &["serve"], &settings).await;
    service.is_ready().await;
    service.kill().await;
}
