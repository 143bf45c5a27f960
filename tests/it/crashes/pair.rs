//! One of two services on one store is killed; the clients go on at the other.

use std::{mem, path::Path, sync::Arc};

use rustix::process::Signal;

use super::{
    client::Heard,
    kills, settings,
    work::{before_the_kill, check_all, check_the_ended, new_clients, while_working},
};
use crate::support::{pair::on_shared_stacks, process::Service, stack::Stack};

on_shared_stacks! { what_was_acknowledged_by_either_survives_kill_9 }

async fn what_was_acknowledged_by_either_survives_kill_9(stack: Stack) {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings(stack, folder.path()).await;
    let mut services = [start(folder.path(), &settings).await, start(folder.path(), &settings).await];
    let mut clients = new_clients(&services[0]).await;
    for round in 0..kills() {
        let victim = round % 2;
        clients = while_working(&services, clients, Heard::Nothing, async |tally| {
            tally.more_done(before_the_kill(round)).await;
            services[victim].signal(Signal::KILL);
            tally.more_done(20).await;
        })
        .await;
        let killed = mem::replace(&mut services[victim], start(folder.path(), &settings).await);
        Arc::into_inner(killed).expect("nobody works any more").ended().await;
        check_all(&mut clients, &services[0], &services[1], round).await;
    }
    check_the_ended(&clients, &services[0]).await;
}

async fn start(folder: &Path, settings: &[(&'static str, String)]) -> Arc<Service> {
    Arc::new(Service::start(folder, &["dev"], settings).await)
}
