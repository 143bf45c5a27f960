//! kill -9 in the middle of refreshes and logouts: what was acknowledged stays.
//!
//! The short form runs with the other tests; for a long one set
//! `SEKISHO_TEST_KILLS` to a number of kills.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::support::process::{Service, dev_settings};

const CLIENTS: usize = 8;
const KILLS: usize = 4;

/// One signed-in client, and all that it was told.
struct Client {
    email: String,
    /// The last refresh token that arrived.
    token: String,
    /// Whether a logout was acknowledged.
    is_out: bool,
    /// Whether a logout was asked for whose answer did not arrive.
    may_be_out: bool,
}

/// Counts acknowledgements, and wakes whoever kills after so many.
struct Fuse {
    left: AtomicUsize,
    burnt: Notify,
}

impl Fuse {
    fn acknowledged(&self) {
        if self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.burnt.notify_one();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let kills = std::env::vars().find(|(name, _)| name == "SEKISHO_TEST_KILLS");
    let kills = kills.map_or(KILLS, |(_, number)| number.parse().expect("a number"));
    let mut clients = Vec::new();
    for round in 0..kills {
        let service = Arc::new(Service::start(folder.path(), &["dev"], &dev_settings()).await);
        check_all(&service, &mut clients).await;
        clients.retain(|client: &Client| !client.is_out);
        for number in clients.len()..CLIENTS {
            let email = format!("ada-{round}-{number}@example.com");
            let token = service.sign_up(&email, "laptop").await;
            clients.push(Client { email, token, is_out: false, may_be_out: false });
        }
        clients = disturb(service, clients, 20 + round * 7 % 60).await;
    }
    let service = Service::start(folder.path(), &["dev"], &dev_settings()).await;
    check_all(&service, &mut clients).await;
    assert_eq!(integrity(folder.path()).await, "ok");
}

/// Lets every client work until so many answers have arrived, and kills.
async fn disturb(service: Arc<Service>, clients: Vec<Client>, answers: usize) -> Vec<Client> {
    let fuse = Arc::new(Fuse { left: AtomicUsize::new(answers), burnt: Notify::new() });
    let working: Vec<_> = clients
        .into_iter()
        .enumerate()
        .map(|(number, client)| tokio::spawn(work(service.clone(), client, number, fuse.clone())))
        .collect();
    fuse.burnt.notified().await;
    service.signal(Signal::KILL);
    let mut clients = Vec::new();
    for client in working {
        clients.push(client.await.unwrap());
    }
    Arc::into_inner(service).expect("nobody works any more").ended().await;
    clients
}

/// Refreshes, and at some point signs out, until the service is gone.
async fn work(service: Arc<Service>, mut client: Client, number: usize, fuse: Arc<Fuse>) -> Client {
    for turn in 0.. {
        let body = json!({"refresh_token": client.token, "client_id": "laptop"});
        if turn == 3 + number * 2 {
            client.may_be_out = true;
            let Ok((status, _)) = service.try_post("/api/v1/auth/logout", &body).await else { break };
            assert_eq!(status, 200);
            client.is_out = true;
            fuse.acknowledged();
            break;
        }
        let Ok((status, answer)) = service.try_post("/api/v1/auth/refresh", &body).await else { break };
        assert_eq!(status, 200, "{answer}");
        client.token = token(&answer);
        fuse.acknowledged();
    }
    client
}

/// Who was told to be out is out; everybody else gets on with what arrived last.
async fn check_all(service: &Service, clients: &mut [Client]) {
    for client in clients {
        let body = json!({"refresh_token": client.token, "client_id": "laptop"});
        let answer = service.post("/api/v1/auth/refresh", body).await;
        match answer.status {
            200 => {
                assert!(!client.is_out, "{} was brought back", client.email);
                client.token = token(&answer.body);
                client.may_be_out = false;
            }
            401 => {
                answer.refused(401, "refresh_token_invalid");
                assert!(client.is_out || client.may_be_out, "{} is stuck: {answer:?}", client.email);
                client.is_out = true;
            }
            _ => panic!("{answer:?}"),
        }
    }
}

fn token(answer: &Value) -> String {
    answer["refresh_token"].as_str().unwrap().to_owned()
}

async fn integrity(folder: &Path) -> String {
    use sqlx::{ConnectOptions, Row, sqlite::SqliteConnectOptions};
    let options = SqliteConnectOptions::new().filename(folder.join(".sekisho/sekisho.db"));
    let mut connection = options.connect().await.unwrap();
    sqlx::query("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap().get(0)
}
