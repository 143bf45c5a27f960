//! The only service is killed.

use std::{path::Path, sync::Arc};

use rustix::process::Signal;

use super::{
    client::Heard,
    kills, settings,
    work::{before_the_kill, check_all, check_the_ended, new_clients, while_working},
};
use crate::support::{process::Service, stack::Stack};

/// R49.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(Stack::chosen(), folder.path()).await;
    let mut service = Arc::new(Service::start(folder.path(), &["dev"], &settings).await);
    let mut clients = new_clients(&service).await;
    for round in 0..kills() {
        clients = while_working(&[service.clone()], clients, Heard::Nothing, async |tally| {
            tally.more_done(before_the_kill(round)).await;
            service.signal(Signal::KILL);
        })
        .await;
        Arc::into_inner(service).expect("nobody works any more").ended().await;
        service = Arc::new(Service::start(folder.path(), &["dev"], &settings).await);
        check_all(&mut clients, &service, &service, round).await;
    }
    check_the_ended(&clients, &service).await;
    if Stack::chosen() == Stack::Sqlite {
        assert_eq!(integrity(folder.path()).await, "ok");
    }
}

async fn integrity(folder: &Path) -> String {
    use sqlx::{ConnectOptions, Row, sqlite::SqliteConnectOptions};
    let options = SqliteConnectOptions::new().filename(folder.join("sekisho.db"));
    let mut connection = options.connect().await.unwrap();
    sqlx::query("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap().get(0)
}
