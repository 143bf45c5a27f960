//! What a connection has done so far, and what follows from it.

use std::{
    future::pending,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::body::{Body, Bytes};
use http_body::{Frame, SizeHint};
use tokio::{
    sync::Notify,
    time::{Instant, interval_at, sleep},
};

/// Bytes by which it is known what a client speaks: the preface of HTTP/2.
const PREFACE: usize = 24;

/// Of one connection.
#[derive(Debug, Default)]
pub(super) struct Life {
    heard: AtomicUsize,
    begun: AtomicU32,
    running: AtomicU32,
    abandoned: AtomicU32,
    /// How many may be, without more.
    may_abandon: u32,
    flooded: Notify,
}

impl Life {
    pub(super) fn new(may_abandon: u32) -> Self {
        Self { may_abandon, ..Self::default() }
    }

    /// So many bytes came.
    pub(super) fn hear(&self, bytes: usize) {
        if self.heard.load(Relaxed) < PREFACE {
            self.heard.fetch_add(bytes, Relaxed);
        }
    }

    /// A call begins. It lasts until what is returned is dropped.
    pub(super) fn begin(self: &Arc<Self>) -> Running {
        self.begun.fetch_add(1, Relaxed);
        self.running.fetch_add(1, Relaxed);
        Running { life: self.clone(), is_answered: false }
    }

    /// The client gave a call up.
    pub(super) fn abandon(&self) {
        let abandoned = self.abandoned.fetch_add(1, Relaxed).saturating_add(1);
        let others = self.begun.load(Relaxed).saturating_sub(abandoned);
        if abandoned > self.may_abandon && abandoned > others {
            self.flooded.notify_one();
        }
    }

    /// Returns when more calls were given up than may be.
    pub(super) async fn flooded(&self) {
        self.flooded.notified().await;
    }

    /// Returns after a time in which nothing came that tells what the client speaks.
    /// From then on the protocols have bounds of their own.
    pub(super) async fn silent(&self, within: Duration) {
        sleep(within).await;
        if self.heard.load(Relaxed) >= PREFACE || self.begun.load(Relaxed) > 0 {
            pending::<()>().await;
        }
    }

    /// Returns when there was no call for that long, or for up to twice as long: no
    /// call has to wind up a clock.
    pub(super) async fn idle(&self, after: Duration) {
        let mut ticks = interval_at(Instant::now() + after, after);
        let mut seen = Some(0);
        loop {
            ticks.tick().await;
            let begun = self.begun.load(Relaxed);
            let quiet = self.running.load(Relaxed) == 0;
            if quiet && seen == Some(begun) {
                return;
            }
            seen = quiet.then_some(begun);
        }
    }
}

/// A call that runs.
#[derive(Debug)]
pub(super) struct Running {
    life: Arc<Life>,
    is_answered: bool,
}

impl Running {
    /// Goes on until the body is sent.
    pub(super) fn answer(mut self, body: Body) -> Answer {
        self.is_answered = true;
        Answer { body, _running: self }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.life.running.fetch_sub(1, Relaxed);
        if !self.is_answered {
            self.life.abandon();
        }
    }
}

/// The body of an answer, and with it the call.
#[derive(Debug)]
pub(super) struct Answer {
    body: Body,
    _running: Running,
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::poll;
    use tokio::time::advance;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn life() -> Arc<Life> {
        Arc::new(Life::new(2))
    }

    async fn is_flooded(life: &Life) -> bool {
        poll!(Box::pin(life.flooded())).is_ready()
    }

    /// R67. Somebody who gives calls up now and then, as every client does, is left
    /// alone however long the connection lives.
    #[tokio::test]
    async fn only_who_gives_up_most_calls_floods() {
        let life = life();
        for _ in 0..100 {
            drop(life.begin().answer(Body::empty()));
            drop(life.begin());
            assert!(!is_flooded(&life).await);
        }
        drop(life.begin());
        assert!(is_flooded(&life).await);
    }

    #[tokio::test]
    async fn a_few_calls_may_be_given_up_at_once() {
        let life = life();
        drop([life.begin(), life.begin()]);
        assert!(!is_flooded(&life).await);
        drop(life.begin());
        assert!(is_flooded(&life).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_runs_is_not_idle_however_long() {
        let life = life();
        let running = life.begin().answer(Body::empty());
        let mut idle = Box::pin(life.idle(MINUTE));
        assert!(poll!(&mut idle).is_pending());
        for _ in 0..60 {
            advance(MINUTE).await;
            assert!(poll!(&mut idle).is_pending());
        }
        drop(running);
        advance(MINUTE).await;
        assert!(poll!(&mut idle).is_pending(), "it has only just ended");
        advance(MINUTE).await;
        assert!(poll!(&mut idle).is_ready());
    }

    #[tokio::test(start_paused = true)]
    async fn without_any_call_a_connection_is_idle_in_time() {
        let life = life();
        let mut idle = Box::pin(life.idle(MINUTE));
        assert!(poll!(&mut idle).is_pending());
        advance(MINUTE).await;
        assert!(poll!(&mut idle).is_ready());
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_has_said_what_it_speaks_is_not_silent() {
        for (bytes, is_silent) in [(0, true), (23, true), (24, false)] {
            let life = life();
            let mut silent = Box::pin(life.silent(MINUTE));
            assert!(poll!(&mut silent).is_pending());
            life.hear(bytes);
            advance(MINUTE).await;
            assert_eq!(poll!(&mut silent).is_ready(), is_silent, "{bytes} bytes");
        }
        // The shortest request of HTTP/1.1 is shorter than the preface of HTTP/2.
        let life = life();
        drop(life.begin().answer(Body::empty()));
        let mut silent = Box::pin(life.silent(MINUTE));
        advance(MINUTE).await;
        assert!(poll!(&mut silent).is_pending());
    }
}
