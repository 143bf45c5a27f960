//! A store is killed under a service that is never started again. Meanwhile who
//! comes is told to come back, and nobody is taken for signed out.

use std::{
    fs::{self, OpenOptions},
    path::{Path, PathBuf},
    slice,
    sync::Arc,
};

use super::{
    client::Heard,
    kills, settings,
    work::{before_the_kill, check_all, check_the_ended, new_clients, while_working},
};
use crate::support::{process::Service, servers::Owned, stack::Stack};

/// A server of the test's own, and what it takes the place of.
struct Victim {
    server: Owned,
    name: &'static str,
    stack: Stack,
    setting: &'static str,
    /// Where it writes what it may lose.
    log: Option<PathBuf>,
}

/// R49.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_postgresql() {
    postgresql(Stack::Postgres).await;
}

/// R49.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_postgresql_beside_redis() {
    postgresql(Stack::PostgresAndRedis).await;
}

async fn postgresql(stack: Stack) {
    let server = Owned::start("postgres", &[]).await;
    survives(Victim { server, name: "postgres", stack, setting: "SEKISHO_DATABASE_URL", log: None }).await;
}

/// R49.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_redis() {
    let server = Owned::start("redis", &["--appendfsync", "always"]).await;
    survives(redis(server, None)).await;
}

/// A logout is in the journal, and a token that is ahead of the record is good.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_the_last_writes_of_redis() {
    let server = Owned::start("redis", &["--appendfsync", "everysec"]).await;
    let answer = server.redis_cli("redis", &["CONFIG", "GET", "dir"]).await;
    let folder = Path::new(answer.lines().nth(1).unwrap()).join("appendonlydir");
    survives(redis(server, Some(folder))).await;
}

fn redis(server: Owned, log: Option<PathBuf>) -> Victim {
    Victim { server, name: "redis", stack: Stack::PostgresAndRedis, setting: "SEKISHO_REDIS_URL", log }
}

async fn survives(Victim { server, name, stack, setting, log }: Victim) {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(stack, folder.path()).await;
    settings.push((setting, server.url.clone()));
    // Each kill is waited for until then.
    settings.push(("SEKISHO_DATABASE_TIMEOUT", "5000".to_owned()));
    let service = Arc::new(Service::start(folder.path(), &["dev"], &settings).await);
    let mut clients = new_clients(&service).await;
    for round in 0..kills() {
        let on_disk = log.as_deref().map(size);
        clients = while_working(slice::from_ref(&service), clients, Heard::TryLater, async |tally| {
            tally.more_done(before_the_kill(round)).await;
            server.kill(name).await;
            tally.one_more_refused().await;
            if let Some(log) = &log {
                lose(log, on_disk.unwrap());
            }
            server.start_again(name).await;
            tally.more_done(20).await;
        })
        .await;
        check_all(&mut clients, &service, &service, round).await;
    }
    check_the_ended(&clients, &service).await;
}

fn size(folder: &Path) -> u64 {
    fs::metadata(last_file(folder)).unwrap().len()
}

/// Loses what was written since the log had this size: `kill` leaves it to the
/// kernel, a power cut would not.
fn lose(folder: &Path, size: u64) {
    let file = OpenOptions::new().write(true).open(last_file(folder)).unwrap();
    assert!(file.metadata().unwrap().len() > size, "nothing to lose");
    file.set_len(size).unwrap();
}

/// The one that is written to.
fn last_file(folder: &Path) -> PathBuf {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    files.filter(|path| path.to_string_lossy().ends_with(".incr.aof")).max().expect("an append-only file")
}
