//! Stores with many sessions.

use std::sync::Arc;

use sekisho::{
    domain::Timestamp,
    storage::sessions::{SessionLimit, Sessions},
};
use tokio::task::JoinSet;

use crate::{Outcome, people::session};

/// Who opens sessions at a time.
const WORKERS: u64 = 128;

/// Opens sessions of people `0..people`, each on devices `0..devices`.
pub(crate) async fn fill(store: &Arc<dyn Sessions>, people: u64, devices: u64, now: Timestamp) -> Outcome<()> {
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let store = store.clone();
        workers.spawn(async move {
            for person in (worker..people).step_by(WORKERS as usize) {
                for device in 0..devices {
                    store.open(&session(person, device, now)?, SessionLimit::Unlimited, now).await?;
                }
            }
            Outcome::Ok(())
        });
    }
    while let Some(done) = workers.join_next().await {
        done??;
    }
    Ok(())
}
