//! One who follows the feed: a place in it, and a task that sends what comes
//! after.

use std::{
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
    time::Duration,
};

use sekisho_interceptor::{Claims, KeySet, KeySource};
use serde_json::Value;
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, watch},
    time::{Instant, timeout},
};
use tonic::codegen::tokio_stream::Stream;

use super::{Entry, Feed, Place};
use crate::{error::Error, flows::own_token::LEEWAY_SECONDS};

/// How often a subscriber hears that there is nothing new.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// How long a subscriber may take to take a frame.
const PATIENCE: Duration = Duration::from_secs(10);
/// Revocations in a frame.
const CHUNK: usize = 1_000;

/// What a subscriber is sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// A part of all that matters at a place.
    Snapshot {
        /// The place after the whole of it.
        place: Place,
        /// The part.
        entries: Vec<Entry>,
        /// In the last part: how many there were in all.
        total: Option<u64>,
    },
    /// What is new.
    Delta {
        /// The number before it.
        after: i64,
        /// The last number of it.
        sequence: i64,
        /// The lines.
        entries: Vec<Entry>,
    },
    /// Nothing is new.
    Heartbeat {
        /// All up to here was sent.
        sequence: i64,
        /// How long ago it was known last that there is nothing more.
        behind: Duration,
    },
    /// The public keys, each a JWK.
    Keys(Vec<Value>),
}

impl Frame {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Snapshot { .. } => "snapshot",
            Self::Delta { .. } => "delta",
            Self::Heartbeat { .. } => "heartbeat",
            Self::Keys(_) => "keys",
        }
    }
}

/// Frames, and in the end the reason why there are no more.
pub struct Subscription {
    frames: mpsc::Receiver<Frame>,
    end: Option<Arc<OnceLock<Error>>>,
}

impl Stream for Subscription {
    type Item = Result<Frame, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.frames.poll_recv(cx).map(|frame| match frame {
            Some(frame) => Some(Ok(frame)),
            None => self.end.take().and_then(Arc::into_inner).and_then(OnceLock::into_inner).map(Err),
        })
    }
}

/// Starts to send. The task is not one of those that a shutdown waits for: it ends
/// as soon as that begins.
pub(super) fn start(
    feed: Arc<Feed>,
    claims: Arc<Claims>,
    cursor: Option<&Place>,
    seat: OwnedSemaphorePermit,
) -> Subscription {
    let (frames, receiver) = mpsc::channel(1);
    let end = Arc::new(OnceLock::new());
    let subscription = Subscription { frames: receiver, end: Some(end.clone()) };
    let resumed = cursor.filter(|place| feed.read(|window| window.resumes(place)));
    let changed = feed.changed.subscribe();
    feed.metrics.feed_subscribers(1);
    let subscriber = Subscriber {
        place: resumed.cloned().unwrap_or_else(|| feed.place()),
        begins_anew: resumed.is_none(),
        is_current: false,
        changed,
        keys: None,
        sent_keys: None,
        frames,
        claims,
        feed,
        _seat: seat,
    };
    tokio::spawn(subscriber.run(end));
    subscription
}

/// Why a subscriber is sent nothing more.
enum End {
    /// It hung up.
    HungUp,
    /// It is told.
    Told(Error),
}

struct Subscriber {
    feed: Arc<Feed>,
    claims: Arc<Claims>,
    place: Place,
    begins_anew: bool,
    /// Whether it has had all that was there when it came: what it missed before tells
    /// nothing of how fast news travels.
    is_current: bool,
    changed: watch::Receiver<()>,
    /// What was looked at last.
    keys: Option<Arc<KeySet>>,
    sent_keys: Option<Vec<Value>>,
    frames: mpsc::Sender<Frame>,
    _seat: OwnedSemaphorePermit,
}

impl Subscriber {
    async fn run(mut self, end: Arc<OnceLock<Error>>) {
        let stop = self.feed.stop.clone();
        let ended = tokio::select! {
            biased;
            () = stop.cancelled() => End::Told(Error::Overloaded),
            Err(ended) = self.follow() => ended,
        };
        if let End::Told(error) = ended {
            tracing::debug!(client_id = self.claims.client_id, %error, "a subscriber of the feed was sent away");
            // Nobody else sets it.
            let _ = end.set(error);
        }
        self.feed.metrics.feed_subscribers(-1);
        // Before the sender: the other side takes it when there are no more frames.
        drop(end);
    }

    async fn follow(&mut self) -> Result<(), End> {
        self.check_token()?;
        if self.begins_anew {
            self.send_snapshot().await?;
        }
        let mut silent_since = None;
        loop {
            self.changed.mark_unchanged();
            self.send_news().await?;
            self.send_keys().await?;
            let due = silent_since.map_or(Instant::now(), |since| since + HEARTBEAT);
            if due <= Instant::now() {
                self.send_heartbeat().await?;
                silent_since = Some(Instant::now());
            }
            let next = silent_since.map_or(due, |since| since + HEARTBEAT).min(Instant::now() + self.token_left()?);
            tokio::select! {
                // Its sender is the feed, which this holds.
                _ = self.changed.changed() => {}
                () = tokio::time::sleep_until(next) => {}
                () = self.frames.closed() => return Err(End::HungUp),
            }
            self.check_token()?;
        }
    }

    /// Everything that matters up to a place, in parts.
    async fn send_snapshot(&mut self) -> Result<(), End> {
        self.feed.metrics.feed_resync();
        let (mut after, mut total) = (i64::MIN, 0);
        loop {
            let (entries, reached) = self.between(after, self.place.sequence)?;
            total += entries.len() as u64;
            let is_last = reached >= self.place.sequence;
            let frame = Frame::Snapshot { place: self.place.clone(), entries, total: is_last.then_some(total) };
            self.send(frame).await?;
            if is_last {
                return Ok(());
            }
            after = reached;
        }
    }

    async fn send_news(&mut self) -> Result<(), End> {
        loop {
            let known = self.feed.place();
            if known.epoch == self.place.epoch && known.sequence == self.place.sequence {
                self.is_current = true;
                return Ok(());
            }
            let after = self.place.sequence;
            let (entries, sequence) = self.between(after, known.sequence)?;
            let oldest = entries.iter().map(|entry| entry.made_at).min().filter(|_| self.is_current);
            self.send(Frame::Delta { after, sequence, entries }).await?;
            if let Some(made_at) = oldest {
                self.feed.metrics.feed_delivery(self.feed.clock.now().since(made_at));
            }
            self.place.sequence = sequence;
        }
    }

    fn between(&self, after: i64, up_to: i64) -> Result<(Vec<Entry>, i64), End> {
        let now = self.feed.clock.now();
        let part =
            self.feed.read(|window| window.is_of(&self.place.epoch).then(|| window.between(after, up_to, CHUNK, now)));
        // The numbers mean something else by now: it comes back, and begins anew.
        part.ok_or(End::Told(Error::Overloaded))
    }

    async fn send_keys(&mut self) -> Result<(), End> {
        let keys = KeySource::keys(&*self.feed.keyring);
        if self.keys.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, &keys)) {
            return Ok(());
        }
        self.keys = Some(keys);
        let public = self.feed.keyring.public_jwks();
        if self.sent_keys.as_ref() != Some(&public) {
            self.sent_keys = Some(public.clone());
            self.send(Frame::Keys(public)).await?;
        }
        Ok(())
    }

    async fn send_heartbeat(&self) -> Result<(), End> {
        self.send(Frame::Heartbeat { sequence: self.place.sequence, behind: self.feed.behind() }).await
    }

    async fn send(&self, frame: Frame) -> Result<(), End> {
        let kind = frame.kind();
        match timeout(PATIENCE, self.frames.send(frame)).await {
            Ok(Ok(())) => {
                self.feed.metrics.feed_frame(kind);
                Ok(())
            }
            Ok(Err(_)) => Err(End::HungUp),
            Err(_) => Err(End::Told(Error::Overloaded)),
        }
    }

    fn check_token(&self) -> Result<(), End> {
        if self.feed.strikes(&self.claims) {
            return Err(End::Told(Error::SessionRevoked));
        }
        self.token_left().map(drop)
    }

    /// How long the caller's token is good for.
    fn token_left(&self) -> Result<Duration, End> {
        let end = self.claims.exp.saturating_add(LEEWAY_SECONDS.into());
        let left = end.saturating_sub(self.feed.clock.now().seconds());
        match u64::try_from(left) {
            Ok(seconds @ 1..) => Ok(Duration::from_secs(seconds)),
            _ => Err(End::Told(Error::AccessTokenExpired)),
        }
    }
}

#[cfg(test)]
mod tests;
