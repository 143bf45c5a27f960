//! Migrations: by several at once, on tables in use, and the release before on
//! the schema after.

use std::{fs, path::Path, time::Duration};

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, migrate::Migrator};
use tokio::time::timeout;

use crate::support::{
    TestApp,
    acts::{ADA, WRONG},
    process::{Ended, run, serve_settings},
    servers::{connect, new_postgres_database, postgres_database},
};

/// The last one that made tables that no release had used.
const FIRST_SCHEMA: i64 = 2;
/// On a busy machine; what waits for a lock of others would wait for ever.
const NOT_STUCK: Duration = Duration::from_secs(120);

async fn migrate(url: &str) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = serve_settings(folder.path());
    settings.push(("SEKISHO_DATABASE_URL", url.to_owned()));
    timeout(NOT_STUCK, run(folder.path(), &["migrate"], &settings)).await.expect("it does not wait for others")
}

#[tokio::test(flavor = "multi_thread")]
async fn several_that_migrate_at_once_all_succeed() {
    for _ in 0..3 {
        let url = new_postgres_database().await;
        let (one, other, third) = tokio::join!(migrate(&url), migrate(&url), migrate(&url));
        for ended in [&one, &other, &third] {
            assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        }
        assert_eq!(migrate(&url).await.stdout, "the database is up to date\n");
    }
}

/// The tables of the service.
async fn tables(database: &mut PgConnection) -> Vec<String> {
    let names = "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' \
         AND relname <> '_sqlx_migrations'";
    database.fetch_all(names).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// A database with the migrations up to one.
async fn migrated_to(last: i64) -> String {
    let url = new_postgres_database().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/postgres");
    let all = Migrator::new(folder).await.unwrap();
    all.run_to(last, &mut connect(&url).await).await.unwrap();
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_gives_up_before_it_holds_up_the_service() {
    let url = migrated_to(FIRST_SCHEMA).await;
    let mut service = connect(&url).await;
    let mut observer = connect(&url).await;
    let tables = tables(&mut observer).await;
    let mut working = service.begin().await.unwrap();
    for table in &tables {
        working.execute(AssertSqlSafe(format!("LOCK TABLE {table} IN ROW EXCLUSIVE MODE"))).await.unwrap();
    }
    // It finds its tables in use, and does what it can do beside that or nothing.
    let ended = migrate(&url).await;
    assert!(ended.code == Some(0) || ended.stderr.contains("lock timeout"), "{}", ended.stderr);
    for table in &tables {
        let read = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        working.execute(read).await.expect("work goes on");
    }
    working.commit().await.unwrap();
    assert_eq!(migrate(&url).await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_would_have_to_wait_changes_nothing_and_can_be_run_again() {
    let url = migrated_to(1).await;
    let mut other = connect(&url).await;
    let mut working = other.begin().await.unwrap();
    working.execute("CREATE TABLE sessions (in_the_way TEXT)").await.unwrap();
    let ended = migrate(&url).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("lock timeout"), "{}", ended.stderr);
    working.rollback().await.unwrap();
    let ended = migrate(&url).await;
    assert!(ended.stdout.contains("0002_volatile"), "{}{}", ended.stdout, ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_later_migration_writes_a_table_anew() {
    let url = migrated_to(FIRST_SCHEMA).await;
    let mut database = connect(&url).await;
    let files = "SELECT relname::text, relfilenode::bigint FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    let node = |row: &sqlx::postgres::PgRow| (row.get::<String, _>(0), row.get::<i64, _>(1));
    let before: Vec<_> = database.fetch_all(files).await.unwrap().iter().map(node).collect();
    assert_eq!(migrate(&url).await.code, Some(0));
    let after: Vec<_> = database.fetch_all(files).await.unwrap().iter().map(node).collect();
    for table in before {
        assert!(after.contains(&table), "{} is another file now", table.0);
    }
}

/// What a release does with its tables.
async fn tour(app: &TestApp, email: &str) {
    let signed_up = app.sign_up(email, "laptop").await;
    app.try_login(email, WRONG, "phone").await.refused(401, "invalid_credentials");
    let phone = app.login(email, "phone").await;
    let refreshed = app.refresh(&phone.refresh, "phone").await;
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    assert_eq!(app.profile(&phone.access).await.status, 200);
    assert_eq!(app.listed(&phone.access).await.len(), 2);
    assert_eq!(app.log_out(&signed_up.refresh, "laptop").await.status, 200);
    assert!(!app.audit_kinds().await.is_empty());
    app.app.ctx.keyring.reload().await.unwrap();
    sekisho::jobs::reapply_revocations(&app.app.ctx).await.unwrap();
    sekisho::audit::Sealer::of(&app.app.ctx).round().await.unwrap();
    sekisho::jobs::sweep(&app.app.ctx).await.unwrap();
    sekisho::jobs::count_sessions(&app.app.ctx).await.unwrap();
}

const NEWER: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
     VALUES (9999, 'of the next release', true, $1, 0)";

#[tokio::test(flavor = "multi_thread")]
async fn a_release_runs_on_the_schema_of_the_next() {
    let url = postgres_database().await;
    let settings = [("SEKISHO_DATABASE_URL", &*url)];
    let app = TestApp::with(&settings).await;
    tour(&app, ADA).await;
    // The next release adds to every table, while this one has statements ready.
    let mut database = connect(&url).await;
    for table in tables(&mut database).await {
        let add = format!("ALTER TABLE {table} ADD COLUMN of_the_next_release TEXT NOT NULL DEFAULT 'new'");
        database.execute(AssertSqlSafe(add)).await.unwrap();
    }
    sqlx::query(NEWER).bind(&b"checksum"[..]).execute(&mut database).await.unwrap();
    tour(&app, "bob@example.com").await;
    let (data, clock) = app.stop().await;
    let app = TestApp::at(data, clock, &settings).await;
    tour(&app, "carol@example.com").await;
    assert_eq!(migrate(&url).await.stdout, "the database is up to date\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_runs_on_the_file_of_the_next() {
    let app = TestApp::start().await;
    tour(&app, ADA).await;
    let of_accounts = ["accounts", "signing_keys", "audit_events", "audit_links", "audit_seals", "audit_chain"];
    let of_sessions = ["revocation_journal", "sessions", "codes", "limits", "tallies"];
    for table in of_accounts.into_iter().chain(of_sessions) {
        let add = format!("ALTER TABLE {table} ADD COLUMN of_the_next_release TEXT NOT NULL DEFAULT 'new'");
        app.sql(add.leak()).await;
    }
    app.sql(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'of the next release', true, x'00', 0)",
    )
    .await;
    tour(&app, "bob@example.com").await;
    let (data, clock) = app.stop().await;
    tour(&TestApp::in_data(data, &[]).await, "carol@example.com").await;
    drop(clock);
}

/// What in a migration the release before could not stand, by the rule of
/// migrations/README.md.
fn breach(migration: &str) -> Option<String> {
    let lines = migration.lines().map(|line| line.split("--").next().unwrap());
    let text = lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ").to_uppercase();
    let mut made = Vec::new();
    text.split(';').map(str::trim).filter(|statement| !statement.is_empty()).find_map(|statement| {
        let words: Vec<&str> = statement.split([' ', '(']).filter(|word| !word.is_empty()).collect();
        let fine = match words[..] {
            ["CREATE", "TABLE", table, ..] => {
                made.push(table);
                true
            }
            ["CREATE", "INDEX", _, "ON", table, ..] | ["CREATE", "UNIQUE", "INDEX", _, "ON", table, ..] => {
                made.contains(&table)
            }
            ["INSERT", "INTO", table, ..] => made.contains(&table),
            ["ALTER", "TABLE", _, "ADD", "COLUMN", ..] => {
                let has = |word: &str| words.contains(&word);
                !statement.contains('(') && (!has("NOT") || has("DEFAULT")) && !has("UNIQUE") && !has("REFERENCES")
            }
            _ => false,
        };
        (!fine).then(|| statement.to_owned())
    })
}

#[test]
fn every_later_migration_only_adds() {
    for engine in ["sqlite", "postgres"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine);
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            let number: i64 = name[..4].parse().unwrap();
            if number > FIRST_SCHEMA {
                assert_eq!(breach(&fs::read_to_string(&path).unwrap()), None, "{}", path.display());
            }
        }
    }
}

#[test]
fn the_rule_of_migrations_knows_what_to_refuse() {
    for fine in [
        "CREATE TABLE a (b TEXT NOT NULL);\nCREATE UNIQUE INDEX c ON a (b); -- DROP nothing\nINSERT INTO a VALUES ('x');",
        "ALTER TABLE accounts ADD COLUMN phone TEXT;",
        "ALTER TABLE accounts ADD COLUMN phone TEXT NOT NULL DEFAULT '';",
    ] {
        assert_eq!(breach(fine), None);
    }
    for bad in [
        "DROP TABLE accounts",
        "ALTER TABLE accounts DROP COLUMN email",
        "ALTER TABLE accounts ALTER COLUMN email TYPE VARCHAR",
        "ALTER TABLE accounts RENAME COLUMN email TO mail",
        "ALTER TABLE accounts ADD COLUMN phone TEXT NOT NULL",
        "ALTER TABLE accounts ADD COLUMN nonce UUID DEFAULT gen_random_uuid()",
        "ALTER TABLE accounts ADD COLUMN phone TEXT UNIQUE",
        "CREATE INDEX a ON accounts (locale)",
        "UPDATE accounts SET locale = 'en'",
    ] {
        assert!(breach(bad).is_some(), "{bad}");
    }
}
