//! Notices a server that says nothing any more.
//!
//! The client gives a connection up when nothing has come for a while after the
//! last command that was sent; where commands keep coming, that while begins anew
//! with each, and a connection to nowhere would be kept for ever.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Since when there have been only calls without an answer.
#[derive(Default)]
pub(super) struct Silence(Mutex<Option<Instant>>);

impl Silence {
    /// There was an answer, whatever it was.
    pub(super) fn broken(&self) {
        *self.since() = None;
    }

    /// A call got none. Whether it is time to give the connection up: said once.
    pub(super) fn has_lasted(&self, bound: Duration) -> bool {
        let mut since = self.since();
        let lasted = since.get_or_insert_with(Instant::now).elapsed() > bound;
        if lasted {
            *since = None;
        }
        lasted
    }

    fn since(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: Duration = Duration::from_millis(500);

    #[tokio::test(start_paused = true)]
    async fn it_is_said_once_when_it_has_lasted() {
        let silence = Silence::default();
        assert!(!silence.has_lasted(BOUND));
        tokio::time::advance(BOUND).await;
        assert!(!silence.has_lasted(BOUND));
        tokio::time::advance(BOUND).await;
        assert!(silence.has_lasted(BOUND));
        assert!(!silence.has_lasted(BOUND));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_breaks_it() {
        let silence = Silence::default();
        assert!(!silence.has_lasted(BOUND));
        tokio::time::advance(BOUND).await;
        silence.broken();
        tokio::time::advance(BOUND).await;
        assert!(!silence.has_lasted(BOUND));
    }
}
