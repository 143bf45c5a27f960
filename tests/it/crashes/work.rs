//! Clients that work while something breaks.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use super::client::{Client, Heard};
use crate::support::process::Service;

const CLIENTS: usize = 8;
/// Until what never comes is given up.
const PATIENCE: Duration = Duration::from_secs(120);
/// Before a client tries again.
const PAUSE: Duration = Duration::from_millis(20);

/// How often the clients heard what.
#[derive(Default)]
pub struct Tally {
    done: watch::Sender<usize>,
    refused: watch::Sender<usize>,
    is_over: AtomicBool,
}

impl Tally {
    /// Waits for so many more answers that something was done.
    pub async fn more_done(&self, number: usize) {
        more(&self.done, number).await;
    }

    /// Waits for another answer that the store does not answer.
    pub async fn one_more_refused(&self) {
        more(&self.refused, 1).await;
    }

    fn count(&self, heard: Heard) {
        match heard {
            Heard::Done => self.done.send_modify(|number| *number += 1),
            Heard::TryLater => self.refused.send_modify(|number| *number += 1),
            Heard::Nothing => {}
        }
    }
}

async fn more(counter: &watch::Sender<usize>, number: usize) {
    let mut counter = counter.subscribe();
    let goal = *counter.borrow() + number;
    let reached = timeout(PATIENCE, counter.wait_for(|number| *number >= goal)).await;
    reached.expect("the clients get on").unwrap();
}

/// How many answers come before the kill: another number in each round.
pub fn before_the_kill(round: usize) -> usize {
    10 + round * 7 % 60
}

/// As many clients as there are.
pub async fn new_clients(service: &Service) -> Vec<Client> {
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        clients.push(Client::new(service, format!("ada-{number}@example.com")).await);
    }
    clients
}

/// Lets all clients work at the services, until what breaks them is done. But for
/// answers they may hear one thing: `meanwhile`.
pub async fn while_working(
    services: &[Arc<Service>],
    clients: Vec<Client>,
    meanwhile: Heard,
    breaking: impl AsyncFnOnce(&Tally),
) -> Vec<Client> {
    let tally = Arc::new(Tally::default());
    let work = |(number, client)| tokio::spawn(work(services.to_vec(), client, number, meanwhile, tally.clone()));
    let working: Vec<_> = clients.into_iter().enumerate().map(work).collect();
    breaking(&tally).await;
    tally.is_over.store(true, Ordering::SeqCst);
    let mut clients = Vec::new();
    for client in working {
        clients.push(client.await.unwrap());
    }
    clients
}

async fn work(
    services: Vec<Arc<Service>>,
    mut client: Client,
    number: usize,
    meanwhile: Heard,
    tally: Arc<Tally>,
) -> Client {
    for turn in 0.. {
        if client.is_out || tally.is_over.load(Ordering::SeqCst) {
            break;
        }
        let heard = act(&services, &mut client, number, turn).await;
        assert!(heard == Heard::Done || heard == meanwhile, "{heard:?}");
        tally.count(heard);
        if heard != Heard::Done {
            sleep(PAUSE).await;
        }
    }
    client
}

/// Refreshes, here and there and at both; at some point every other client signs out,
/// and half of the others reset their password, until they hear that it was done.
async fn act(services: &[Arc<Service>], client: &mut Client, number: usize, turn: usize) -> Heard {
    let [one, other] = [turn, turn + 1].map(|turn| &services[turn % services.len()]);
    match turn % 4 {
        _ if number % 2 == 1 && turn > number => client.log_out(one).await,
        _ if number % 4 == 2 && turn > number => client.reset(one).await,
        0 => client.refresh_twice(one, other).await,
        _ => client.refresh(one).await,
    }
}

/// All that was promised to all of them; in each round another one's token has
/// been stolen.
pub async fn check_all(clients: &mut [Client], service: &Service, other: &Service, round: usize) {
    for client in &mut *clients {
        client.check(service, other).await;
    }
    clients[round % CLIENTS].present_a_spent_token(service).await;
}

/// No session of the whole run is there that should not be.
pub async fn check_the_ended(clients: &[Client], service: &Service) {
    for client in clients {
        client.stays_out(service).await;
    }
}
