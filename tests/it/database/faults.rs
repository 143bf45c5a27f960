//! A PostgreSQL server that hangs, dies, keeps a lock or takes no writes.

use std::time::Duration;

use futures_util::future::join_all;
use rustix::process::{Pid, Signal, kill_process};
use sqlx::{Connection, Executor, PgConnection, Row};
use tokio::{
    net::TcpListener,
    time::{Instant, sleep, timeout},
};

use crate::support::{
    TestApp,
    acts::{ADA, WRONG},
    app::SignedIn,
    postgres::Postgres,
    process::{command, serve_settings},
    servers::connect,
};

/// A store may be missed for so long after its return.
const BACK_WITHIN: Duration = Duration::from_secs(60);
/// Before a call runs into its own deadline; most of it is for a busy machine.
const ANSWERED_WITHIN: Duration = Duration::from_secs(20);

/// The service on a server, with a deadline that a busy machine keeps.
async fn on(server: &Postgres, connections: &str) -> TestApp {
    TestApp::with(&[
        ("SEKISHO_DATABASE_URL", &server.url()),
        ("SEKISHO_DATABASE_TIMEOUT", "2000"),
        ("SEKISHO_DATABASE_CONNECTIONS", connections),
    ])
    .await
}

/// Each of many callers at once is told in time that the store is missing.
async fn assert_missing(app: &TestApp, ada: &SignedIn) {
    join_all((0..32).map(|n| async move {
        let start = Instant::now();
        let answer = match n % 3 {
            0 => app.refresh(&ada.refresh, "laptop").await,
            1 => app.try_login(ADA, WRONG, "laptop").await,
            _ => app.profile(&ada.access).await,
        };
        assert!(start.elapsed() < ANSWERED_WITHIN, "{:?}", start.elapsed());
        answer.refused(503, "store_unavailable");
    }))
    .await;
    assert_eq!(app.ops_text("/livez").await, "ok\n");
    let not_ready = async {
        while app.ops_text("/readyz").await != r#"{"ready":false,"stores":{"sql":"unavailable"}}"# {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(BACK_WITHIN, not_ready).await.expect("readiness names the store");
}

/// The service works again by itself, in time.
async fn assert_back(app: &TestApp, ada: &SignedIn) {
    let back = async {
        while app.refresh(&ada.refresh, "laptop").await.status != 200 {
            sleep(Duration::from_millis(20)).await;
        }
        while app.ops_text("/readyz").await != r#"{"ready":true}"# {
            sleep(Duration::from_millis(50)).await;
        }
        while app.profile(&ada.access).await.status != 200 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(BACK_WITHIN, back).await.expect("the store is used again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_hangs_is_missed_for_as_long_as_it_hangs() {
    let server = Postgres::start(&[], |_| ()).await;
    let app = on(&server, "16").await;
    let ada = app.ada().await;
    for _ in 0..2 {
        // So that connections lie idle.
        join_all((0..16).map(|_| app.profile(&ada.access))).await;
        server.freeze();
        assert_missing(&app, &ada).await;
        assert_missing(&app, &ada).await;
        server.thaw();
        assert_back(&app, &ada).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_killed_is_used_again_when_it_is_back() {
    let mut server = Postgres::start(&[], |_| ()).await;
    let app = on(&server, "16").await;
    let ada = app.ada().await;
    for _ in 0..2 {
        join_all((0..16).map(|_| app.profile(&ada.access))).await;
        server.kill();
        assert_missing(&app, &ada).await;
        server.restart().await;
        assert_back(&app, &ada).await;
    }
}

/// Connections of the service that are in the middle of something.
async fn busy(observer: &mut PgConnection) -> i64 {
    let count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sekisho' AND state <> 'idle'";
    observer.fetch_one(count).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_waited_for_no_longer_than_anything_else() {
    let server = Postgres::start(&[], |_| ()).await;
    // With one connection, one that was lost for good would be missed.
    let app = on(&server, "1").await;
    let ada = app.ada().await;
    let mut other = connect(&server.url()).await;
    let mut locked = other.begin().await.unwrap();
    locked.execute("LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE").await.unwrap();
    for _ in 0..5 {
        let start = Instant::now();
        app.refresh(&ada.refresh, "laptop").await.refused(503, "store_unavailable");
        assert!(start.elapsed() < ANSWERED_WITHIN, "{:?}", start.elapsed());
    }
    // The server has given up as well, with nothing half-done.
    let mut observer = connect(&server.url()).await;
    let given_up = async {
        while busy(&mut observer).await > 0 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(BACK_WITHIN, given_up).await.expect("the server gives up by itself");
    locked.rollback().await.unwrap();
    assert_back(&app, &ada).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_decided_by_a_server_that_takes_no_writes() {
    let server = Postgres::start(&[], |_| ()).await;
    let app = on(&server, "16").await;
    let ada = app.ada().await;
    server.execute("ALTER SYSTEM SET default_transaction_read_only = on").await;
    server.execute("SELECT pg_reload_conf()").await;
    // Each connection takes note when it is asked next.
    let noted = async {
        while app.profile(&ada.access).await.status == 200 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(BACK_WITHIN, noted).await.expect("the server takes no more writes");
    assert_missing(&app, &ada).await;

    let url = server.url();
    let settings = [("SEKISHO_DATABASE_URL", &*url)];
    let refusal = TestApp::open(&app.data, &app.clock, &settings).await.err().expect("no start").to_string();
    assert!(refusal.contains("read-only") || refusal.contains("no writes"), "{refusal}");

    server.execute("ALTER SYSTEM RESET default_transaction_read_only").await;
    server.execute("SELECT pg_reload_conf()").await;
    assert_back(&app, &ada).await;
}

/// A server that does not answer is waited for, but not longer than somebody wants to.
#[tokio::test]
async fn a_signal_is_heard_while_the_start_waits_for_the_server() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut settings = serve_settings(folder.path());
    settings.push(("SEKISHO_DATABASE_URL", format!("postgres://sekisho@{}/sekisho", silent.local_addr().unwrap())));
    let child = command(folder.path(), &["serve"], &settings).spawn().unwrap();
    let _asked = silent.accept().await.unwrap();
    kill_process(Pid::from_raw(child.id().unwrap().cast_signed()).unwrap(), Signal::TERM).unwrap();
    let ended = child.wait_with_output().await.unwrap();
    let log = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(0), "{log}");
    assert!(log.contains("stopped before it was ready") && ended.stdout.is_empty(), "{log}");
}
