//! Delivery in the background: callers hand a mail over and never wait.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use tokio::{sync::Semaphore, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::{Instrument, Span};

use super::{Mail, MailError, Mailer};
use crate::telemetry::traces;

/// Tries per mail, the first one included.
const TRIES: u32 = 5;

// 2, 8, 32 and 60 s: long enough for a mail server to restart, short enough for a
// code of the usual 15 minutes to arrive alive.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const PAUSE_FACTOR: u32 = 4;
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The queue holds as many mails as it may, or is closed; the mail was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the mail queue is full")]
pub struct QueueFull;

/// What became of the mails, as counts since the start.
#[derive(Debug, Default)]
pub struct MailStats {
    sent: AtomicU64,
    retried: AtomicU64,
    failed: AtomicU64,
}

impl MailStats {
    /// Mails handed over.
    pub fn sent(&self) -> u64 {
        self.sent.load(Relaxed)
    }

    /// Tries after the first one of a mail.
    pub fn retried(&self) -> u64 {
        self.retried.load(Relaxed)
    }

    /// Mails dropped: refused for good, out of tries, or left over at shutdown.
    pub fn failed(&self) -> u64 {
        self.failed.load(Relaxed)
    }
}

/// A bounded queue in memory, with a bounded number of deliveries at a time.
///
/// A mail that waits for its next try takes room in the queue but no worker, so an
/// address that cannot be reached holds up nobody else. Mails may overtake each other.
/// Clones are handles of one queue.
#[derive(Clone)]
pub struct MailQueue {
    inner: Arc<Inner>,
}

struct Inner {
    mailer: Arc<dyn Mailer>,
    room: Arc<Semaphore>,
    workers: Semaphore,
    deliveries: TaskTracker,
    closing: CancellationToken,
    abandoned: CancellationToken,
    stats: Arc<MailStats>,
}

impl MailQueue {
    /// A queue for up to `capacity` mails, of which `workers` are delivered at a time.
    /// With zero of either nothing is ever delivered.
    pub fn start(mailer: Arc<dyn Mailer>, capacity: usize, workers: usize) -> Self {
        let inner = Inner {
            mailer,
            room: Arc::new(Semaphore::new(capacity)),
            workers: Semaphore::new(workers),
            deliveries: TaskTracker::new(),
            closing: CancellationToken::new(),
            abandoned: CancellationToken::new(),
            stats: Arc::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Takes a mail over for delivery; to be called within a Tokio runtime.
    ///
    /// # Errors
    ///
    /// [`QueueFull`] at once where there is no room.
    pub fn submit(&self, mail: Mail) -> Result<(), QueueFull> {
        let place = Arc::clone(&self.inner.room).try_acquire_owned().map_err(|_| QueueFull)?;
        let inner = Arc::clone(&self.inner);
        let span = traces::mail();
        let delivery = async move {
            inner.deliver_or_drop(&mail).await;
            drop(place);
        };
        self.inner.deliveries.spawn(delivery.instrument(span));
        Ok(())
    }

    /// Does what [`submit`](Self::submit) does, but for the mail: where a mail must not be
    /// told from none.
    ///
    /// # Errors
    ///
    /// [`QueueFull`] as for a mail.
    pub fn submit_nothing(&self) -> Result<(), QueueFull> {
        let place = Arc::clone(&self.inner.room).try_acquire_owned().map_err(|_| QueueFull)?;
        self.inner.deliveries.spawn(async move { drop(place) });
        Ok(())
    }

    /// The counts, live.
    pub fn stats(&self) -> Arc<MailStats> {
        Arc::clone(&self.inner.stats)
    }

    /// How many mails are held now, those being delivered included.
    pub fn len(&self) -> usize {
        self.inner.deliveries.len()
    }

    /// Whether no mail is held now.
    pub fn is_empty(&self) -> bool {
        self.inner.deliveries.is_empty()
    }

    /// Takes no more mails and returns once those held are delivered or dropped, after
    /// `grace` at the latest. A mail that waits for a try gets one last try at once.
    pub async fn close(&self, grace: Duration) {
        let inner = &self.inner;
        inner.room.close();
        inner.closing.cancel();
        inner.deliveries.close();
        if timeout(grace, inner.deliveries.wait()).await.is_err() {
            inner.abandoned.cancel();
            inner.deliveries.wait().await;
        }
    }
}

impl fmt::Debug for MailQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MailQueue").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl Inner {
    /// The one place where the end of a mail is counted, and the loss of one logged.
    async fn deliver_or_drop(&self, mail: &Mail) {
        let ended = self.abandoned.run_until_cancelled(self.deliver(mail)).await;
        traces::outcome(&Span::current(), matches!(ended, Some(Ok(()))));
        let counter = match ended {
            Some(Ok(())) => &self.stats.sent,
            Some(Err(error)) => {
                tracing::warn!(%error, "mail dropped");
                &self.stats.failed
            }
            None => {
                tracing::warn!("mail dropped: not delivered before the shutdown");
                &self.stats.failed
            }
        };
        counter.fetch_add(1, Relaxed);
    }

    async fn deliver(&self, mail: &Mail) -> Result<(), MailError> {
        let mut pause = FIRST_PAUSE;
        for _ in 1..TRIES {
            let last = self.closing.is_cancelled();
            match self.try_once(mail).await {
                Err(MailError::Transient(_)) if !last => {}
                outcome => return outcome,
            }
            self.closing.run_until_cancelled(tokio::time::sleep(pause)).await;
            pause = LONGEST_PAUSE.min(pause * PAUSE_FACTOR);
            self.stats.retried.fetch_add(1, Relaxed);
        }
        self.try_once(mail).await
    }

    async fn try_once(&self, mail: &Mail) -> Result<(), MailError> {
        // The semaphore is never closed; were it, the mail would go out all the same.
        let _worker = self.workers.acquire().await;
        super::hand_over(&*self.mailer, mail).await
    }
}

#[cfg(test)]
mod tests;
