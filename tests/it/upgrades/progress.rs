//! How far people have come: what is done to replicas goes by that, and by no clock.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use tokio::{sync::watch, time::timeout};

/// Until what never comes is given up.
const PATIENCE: Duration = Duration::from_secs(300);

/// See the module.
#[derive(Default)]
pub struct Progress {
    acts: watch::Sender<usize>,
    is_over: AtomicBool,
}

impl Progress {
    /// Waits for so many more acts.
    pub async fn acts(&self, number: usize) {
        let mut acts = self.acts.subscribe();
        let goal = *acts.borrow() + number;
        let reached = timeout(PATIENCE, acts.wait_for(|number| *number >= goal)).await;
        reached.expect("people get on").unwrap();
    }

    pub fn note_act(&self) {
        self.acts.send_modify(|number| *number += 1);
    }

    /// No life is begun any more.
    pub fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    pub fn end(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }
}
