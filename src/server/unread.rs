//! Room for what was read of messages that are not whole yet. Who sends the beginnings of
//! many and the end of none is to fill his own connection, and not the memory. Calls are far
//! smaller than they may be, and what is small takes no room: whoever fills it, also on a
//! connection that a proxy makes for all of its callers, keeps out nobody else.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::BoxError;

use super::Limits;
use crate::telemetry::Metrics;

/// Among the extensions of a request: whether its body was broken off for want of room.
#[derive(Clone, Debug, Default)]
pub struct Overfull(Arc<AtomicBool>);

impl Overfull {
    /// Whether it was.
    pub fn has_happened(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Of a connection, where many wait for the rest of their message.
const FEW_CALLS: usize = 2;

#[derive(Debug, thiserror::Error)]
#[error("too many messages are not whole yet")]
struct NoRoom;

/// What all connections have together, and how much of it one may take: where no more than
/// `reserve` is left, `few`, so that some connections cannot take what is for others.
struct Bound {
    all: Arc<Semaphore>,
    reserve: usize,
    of_connection: usize,
    few: usize,
}

impl Bound {
    fn new(of_connection: usize, all: usize, reserve: usize, few: usize) -> Arc<Self> {
        Arc::new(Self { all: Arc::new(Semaphore::new(all)), reserve, of_connection, few })
    }
}

type Permits = [OwnedSemaphorePermit; 2];

/// What one connection takes of it.
#[derive(Clone)]
struct Part {
    bound: Arc<Bound>,
    own: Arc<Semaphore>,
}

impl Part {
    fn of(bound: &Arc<Bound>) -> Self {
        Self { bound: bound.clone(), own: Arc::new(Semaphore::new(bound.of_connection)) }
    }

    fn take(&self, number: u32) -> Option<Permits> {
        let own = self.own.clone().try_acquire_many_owned(number).ok()?;
        let taken = self.bound.of_connection.saturating_sub(self.own.available_permits());
        if taken > self.bound.few && self.bound.all.available_permits() < self.bound.reserve {
            return None;
        }
        Some([own, self.bound.all.clone().try_acquire_many_owned(number).ok()?])
    }
}

/// The room of a listener: of bytes, and of the calls that they are of.
pub(super) struct Room {
    bytes: Arc<Bound>,
    calls: Arc<Bound>,
    message: usize,
    small: usize,
    metrics: Arc<Metrics>,
}

impl Room {
    pub(super) fn new(limits: &Limits, metrics: Arc<Metrics>) -> Self {
        let &Limits { unread: [bytes_of_connection, bytes], waiting, message, small, .. } = limits;
        let of_connection = usize::try_from(limits.streams).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        // Those few of each connection are there, whatever others do.
        let reserve = limits.connections.saturating_mul(FEW_CALLS).min(Semaphore::MAX_PERMITS / 2);
        Self {
            bytes: Bound::new(bytes_of_connection, bytes, bytes / 2, message),
            calls: Bound::new(of_connection, waiting + reserve, reserve, FEW_CALLS),
            message,
            small,
            metrics,
        }
    }

    /// What is taken for so much of a message. Nobody keeps more than it may have: the rest is
    /// read and dropped.
    fn due(&self, bytes: usize) -> usize {
        bytes.min(self.message).saturating_sub(self.small)
    }

    /// What a connection has of it.
    pub(super) fn of_connection(self: &Arc<Self>) -> Share {
        Share { room: self.clone(), bytes: Part::of(&self.bytes), calls: Part::of(&self.calls) }
    }
}

/// The room of one connection.
#[derive(Clone)]
pub(super) struct Share {
    room: Arc<Room>,
    bytes: Part,
    calls: Part,
}

impl Share {
    /// The body of a request, for as long as there is room for it.
    pub(super) fn measure<B: Body>(&self, body: B, overfull: Overfull) -> Measured<B> {
        let is_whole = body.is_end_stream();
        let place = if is_whole { None } else { self.calls.take(1) };
        Measured {
            body,
            share: self.clone(),
            is_let_in: is_whole || place.is_some(),
            _place: place,
            read: 0,
            held: None,
            overfull,
        }
    }
}

/// A body that takes room until it is dropped, which it is when the message is whole.
pub(super) struct Measured<B> {
    body: B,
    share: Share,
    is_let_in: bool,
    _place: Option<Permits>,
    read: usize,
    held: Option<Permits>,
    overfull: Overfull,
}

impl<B> Measured<B> {
    fn has_room(&mut self, bytes: usize) -> bool {
        let before = self.share.room.due(self.read);
        self.read = self.read.saturating_add(bytes);
        let more = self.share.room.due(self.read) - before;
        if more == 0 {
            return true;
        }
        let Some(more) = u32::try_from(more).ok().and_then(|bytes| self.share.bytes.take(bytes)) else { return false };
        match &mut self.held {
            None => self.held = Some(more),
            Some(held) => held.iter_mut().zip(more).for_each(|(held, more)| held.merge(more)),
        }
        true
    }

    fn refused<T>(&self) -> Poll<Option<Result<T, BoxError>>> {
        self.overfull.0.store(true, Ordering::Relaxed);
        self.share.room.metrics.call_shed();
        Poll::Ready(Some(Err(NoRoom.into())))
    }
}

impl<B> Body for Measured<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if !self.is_let_in {
            return self.refused();
        }
        let frame = std::task::ready!(Pin::new(&mut self.body).poll_frame(cx));
        let bytes = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()).map_or(0, Bytes::len);
        if bytes > 0 && !self.has_room(bytes) {
            return self.refused();
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
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
    use http_body_util::{BodyExt, Full};

    use super::*;

    fn room() -> Arc<Room> {
        let limits = Limits {
            unread: [60, 200],
            message: 12,
            small: 2,
            connections: 10,
            streams: 20,
            waiting: 20,
            ..Limits::default()
        };
        Arc::new(Room::new(&limits, Arc::default()))
    }

    fn takes(share: &Share, messages: usize) -> Vec<Permits> {
        (0..messages).map_while(|_| share.bytes.take(10)).collect()
    }

    #[test]
    fn a_connection_has_its_share_and_no_more() {
        let room = room();
        let share = room.of_connection();
        let held = takes(&share, 100);
        assert_eq!(held.len(), 6);
        drop(held);
        assert_eq!(takes(&share, 100).len(), 6, "what is given back can be had again");
    }

    #[test]
    fn few_connections_leave_room_for_a_message_of_each_other() {
        let room = room();
        let greedy: Vec<Share> = (0..4).map(|_| room.of_connection()).collect();
        let held: Vec<_> = greedy.iter().map(|share| takes(share, 100)).collect();
        assert_eq!(held.iter().map(Vec::len).collect::<Vec<_>>(), [6, 5, 1, 1]);
        for _ in 0..7 {
            let other = room.of_connection();
            assert_eq!(takes(&other, 100).len(), 1);
        }
    }

    #[tokio::test]
    async fn a_body_takes_as_much_as_is_kept_of_it_until_it_is_dropped() {
        let share = room().of_connection();
        let mut body = share.measure(Full::new(Bytes::from(vec![0; 1_000])), Overfull::default());
        assert_eq!(body.frame().await.unwrap().unwrap().data_ref().map(Bytes::len), Some(1_000));
        assert_eq!(share.bytes.own.available_permits(), 50);
        drop(body);
        assert_eq!(share.bytes.own.available_permits(), 60);
    }

    #[tokio::test]
    async fn where_there_is_no_room_a_body_is_broken_off() {
        let share = room().of_connection();
        let _held = takes(&share, 6);
        let overfull = Overfull::default();
        let mut body = share.measure(Full::new(Bytes::from_static(b"one more")), overfull.clone());
        assert!(body.frame().await.unwrap().is_err());
        assert!(overfull.has_happened());
        let mut small = share.measure(Full::new(Bytes::from_static(b"me")), Overfull::default());
        assert!(small.frame().await.unwrap().is_ok(), "what is small takes none");
    }

    #[test]
    fn what_comes_in_parts_takes_as_much_as_the_whole() {
        let share = room().of_connection();
        let mut body = share.measure(Full::<Bytes>::default(), Overfull::default());
        let free = [1, 1, 1, 9, 100].map(|bytes| {
            assert!(body.has_room(bytes));
            share.bytes.own.available_permits()
        });
        assert_eq!(free, [60, 60, 59, 50, 50]);
    }

    /// A call that waits for the rest of its message.
    struct Beginning;

    impl Body for Beginning {
        type Data = Bytes;
        type Error = BoxError;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            Poll::Pending
        }
    }

    fn waiting(share: &Share, calls: usize) -> Vec<Measured<Beginning>> {
        let all = (0..calls).map(|_| share.measure(Beginning, Overfull::default()));
        all.filter(|body| body.is_let_in).collect()
    }

    #[tokio::test]
    async fn calls_that_wait_leave_room_for_a_few_of_each_other() {
        let room = room();
        let greedy: Vec<Share> = (0..4).map(|_| room.of_connection()).collect();
        let mut held: Vec<_> = greedy.iter().map(|share| waiting(share, 100)).collect();
        assert_eq!(held.iter().map(Vec::len).collect::<Vec<_>>(), [20, 2, 2, 2]);
        let others: Vec<Share> = (0..6).map(|_| room.of_connection()).collect();
        held.extend(others.iter().map(|share| waiting(share, 100)));
        assert!(held[4..].iter().all(|calls| calls.len() == 2), "each connection that there may be has its few");
        let overfull = Overfull::default();
        let mut refused = greedy[1].measure(Beginning, overfull.clone());
        assert!(refused.frame().await.unwrap().is_err() && overfull.has_happened());
        let mut whole = room.of_connection().measure(Full::<Bytes>::default(), Overfull::default());
        assert!(whole.frame().await.is_none(), "there is nothing that it waits for");
        held.remove(0);
        assert_eq!(waiting(&greedy[1], 100).len(), 3, "what is given back can be had again");
    }
}
