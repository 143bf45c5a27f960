//! Flows that a caller who hangs up half way does not cut off.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use tokio::runtime::Handle;
use tokio_util::task::{TaskTracker, task_tracker::TaskTrackerToken};
use tracing::Instrument;

use crate::error::Error;

/// A flow, run by the task that waits for it as long as that waits, and by one of its
/// own from then on. A panic is one failed call.
pub(super) struct Uncancelled<T: Send + 'static> {
    /// `None` once it has come to its end.
    flow: Option<Pin<Box<dyn Future<Output = T> + Send>>>,
    work: TaskTracker,
    _running: TaskTrackerToken,
}

impl<T: Send + 'static> Uncancelled<T> {
    /// `work` counts the flow until its end, whoever runs it.
    pub(super) fn new(work: &TaskTracker, flow: impl Future<Output = T> + Send + 'static) -> Self {
        Self { flow: Some(Box::pin(flow)), work: work.clone(), _running: work.token() }
    }
}

impl<T: Send + 'static> Future for Uncancelled<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(flow) = &mut self.flow else { return Poll::Ready(Err(Error::internal("a flow has one end"))) };
        let polled = catch_unwind(AssertUnwindSafe(|| flow.as_mut().poll(cx)));
        if !matches!(polled, Ok(Poll::Pending)) {
            self.flow = None;
        }
        match polled {
            Ok(poll) => poll.map(Ok),
            Err(_) => Poll::Ready(Err(Error::internal("a flow has panicked"))),
        }
    }
}

impl<T: Send + 'static> Drop for Uncancelled<T> {
    fn drop(&mut self) {
        if let (Some(flow), Ok(_)) = (self.flow.take(), Handle::try_current()) {
            // The trace of its call goes along.
            self.work.spawn(flow.in_current_span());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

    use tokio::sync::Notify;

    use super::*;

    static GO_ON: Notify = Notify::const_new();
    static ENDED: AtomicBool = AtomicBool::new(false);

    #[tokio::test]
    async fn it_ends_also_when_nobody_waits_any_more() {
        let work = TaskTracker::new();
        let mut flow = Box::pin(Uncancelled::new(&work, async {
            GO_ON.notified().await;
            ENDED.store(true, SeqCst);
        }));
        assert!(futures_util::poll!(&mut flow).is_pending());
        drop(flow);
        assert_eq!(work.len(), 1);
        GO_ON.notify_one();
        work.close();
        work.wait().await;
        assert!(ENDED.load(SeqCst));
    }

    /// R74.
    #[tokio::test]
    async fn a_panic_is_an_error_and_does_not_run_on() {
        let work = TaskTracker::new();
        let outcome = Uncancelled::new(&work, async { panic!("on purpose") }).await;
        assert!(matches!(outcome, Err(Error::Internal(_))));
        assert!(work.is_empty());
    }
}
