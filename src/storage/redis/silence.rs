//! Notices a server that says nothing any more.
//!
//! The client gives a connection up when nothing has come for a while after the
//! last command that was sent; where commands keep coming, that while begins anew
//! with each, and a connection to nowhere would be kept for ever.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use fred::util::redis_keyslot;
use tokio::time::Instant;

const SLOTS: usize = 16_384;

/// In each of so many parts of the slots. A node of a cluster that says nothing
/// must not be overheard because others talk; where the border of two nodes falls
/// into a part, the next part tells.
const PARTS: usize = 32;

/// The silence of each part of a deployment.
#[derive(Default)]
pub(super) struct Silences([Silence; PARTS]);

impl Silences {
    /// Of the part that a key lies in.
    pub(super) fn of(&self, key: &[u8]) -> &Silence {
        &self.0[usize::from(redis_keyslot(key)) % SLOTS * PARTS / SLOTS]
    }
}

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
    async fn an_answer_from_elsewhere_does_not() {
        let silences = Silences::default();
        let (here, there) = (b"a".as_slice(), b"b".as_slice());
        assert!(!std::ptr::eq(silences.of(here), silences.of(there)));
        assert!(!silences.of(here).has_lasted(BOUND));
        tokio::time::advance(BOUND * 2).await;
        silences.of(there).broken();
        assert!(silences.of(here).has_lasted(BOUND));
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
