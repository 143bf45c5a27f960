//! How long an answer may go on.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    sync::watch,
    time::{Sleep, sleep},
};

use crate::{claims::Claims, guard::Guard, meter::Event, policy::Freshness, refusal::Refusal};

/// The right of one caller to be answered.
pub(crate) struct Lease {
    guard: Arc<Guard>,
    claims: Arc<Claims>,
    revocable: bool,
    // Made when an answer first has to wait: most never do.
    watch: Option<Watch>,
}

/// The receiver again, once something changed; `None` once the source is gone.
type Change = Pin<Box<dyn Future<Output = Option<watch::Receiver<u64>>> + Send>>;

struct Watch {
    expiry: Pin<Box<Sleep>>,
    revocation: Option<Change>,
}

impl Lease {
    pub(crate) fn new(guard: Arc<Guard>, claims: Arc<Claims>, freshness: Freshness) -> Self {
        Self { guard, claims, revocable: freshness != Freshness::Signature, watch: None }
    }

    /// Why the answer must end now, if it must.
    pub(crate) fn over(&self) -> Option<Refusal> {
        if self.left().is_zero() {
            return Some(Refusal::Expired);
        }
        (self.revocable && self.guard.is_struck(&self.claims)).then_some(Refusal::Revoked)
    }

    /// Ready when the answer must end; wakes for every reason to look again.
    pub(crate) fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<Refusal> {
        let mut watch = self.watch.take().unwrap_or_else(|| self.watch());
        loop {
            // After the subscription, so that nothing falls between.
            if let Some(refusal) = self.over() {
                return Poll::Ready(refusal);
            }
            let expired = watch.expiry.as_mut().poll(cx).is_ready();
            if expired {
                watch.expiry = Box::pin(sleep(self.left()));
            }
            let changed = watch.revocation.as_mut().map(|change| change.as_mut().poll(cx));
            if let Some(Poll::Ready(receiver)) = &changed {
                watch.revocation = receiver.clone().map(next_change);
            }
            if !expired && !matches!(changed, Some(Poll::Ready(_))) {
                self.watch = Some(watch);
                return Poll::Pending;
            }
        }
    }

    pub(crate) fn note_cut(&self, refusal: Refusal) {
        self.guard.note(Event::StreamCut(refusal));
    }

    fn watch(&self) -> Watch {
        let source = self.guard.revocations.as_ref().filter(|_| self.revocable);
        let revocation = source.map(|source| {
            let mut changes = source.changes();
            changes.mark_unchanged();
            next_change(changes)
        });
        Watch { expiry: Box::pin(sleep(self.left())), revocation }
    }

    fn left(&self) -> Duration {
        let seconds = self.guard.verifier.end(&self.claims).saturating_sub((self.guard.clock)());
        Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
    }
}

fn next_change(mut changes: watch::Receiver<u64>) -> Change {
    Box::pin(async move { changes.changed().await.ok().map(|()| changes) })
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("claims", &self.claims).finish_non_exhaustive()
    }
}
