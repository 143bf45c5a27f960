//! The feed of revocations as a stream of messages.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio_util::sync::WaitForCancellationFutureOwned;
use tonic::{Status, codegen::tokio_stream::Stream};

use super::token::json_web_key;
use crate::{
    domain::revocation::Target,
    error::{Error, Wire},
    feed::{Entry, Frame, Place, Subscription},
    proto::sekisho::v1::{self as pb, revocation::Target as PbTarget, watch_revocations_response::Frame as PbFrame},
    server::Closing,
};

/// A subscription in the words of the proto; its end in the caller's language.
pub(super) struct Watch {
    /// `None` once it has ended.
    subscription: Option<Subscription>,
    closing: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
    wire: Wire,
}

impl Watch {
    /// `closing`: of the connection, which must not be cut in the middle of a frame.
    pub(super) fn new(subscription: Subscription, closing: Option<Closing>, wire: Wire) -> Self {
        let closing = closing.map(|Closing(token)| Box::pin(token.cancelled_owned()));
        Self { subscription: Some(subscription), closing, wire }
    }

    fn is_closing(&mut self, cx: &mut Context<'_>) -> bool {
        self.closing.as_mut().is_some_and(|closing| closing.as_mut().poll(cx).is_ready())
    }
}

impl Stream for Watch {
    type Item = Result<pb::WatchRevocationsResponse, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(subscription) = &mut self.subscription else { return Poll::Ready(None) };
        let next = Pin::new(subscription).poll_next(cx);
        if next.is_pending() && self.is_closing(cx) {
            self.subscription = None;
            return Poll::Ready(Some(Err(self.wire.refuse(&Error::Overloaded))));
        }
        next.map(|next| next.map(|next| next.map(frame).map_err(|error| self.wire.refuse(&error))))
    }
}

fn frame(frame: Frame) -> pb::WatchRevocationsResponse {
    let frame = match frame {
        Frame::Snapshot { place, entries, total } => {
            let revocations = entries.iter().map(revocation).collect();
            PbFrame::Snapshot(pb::SnapshotChunk { cursor: Some(cursor(place)), revocations, total })
        }
        Frame::Delta { after, sequence, entries } => {
            let revocations = entries.iter().map(revocation).collect();
            PbFrame::Delta(pb::Delta { after: number(after), sequence: number(sequence), revocations })
        }
        Frame::Heartbeat { sequence, behind } => {
            PbFrame::Heartbeat(pb::Heartbeat { sequence: number(sequence), behind: Some(duration(behind)) })
        }
        Frame::Keys(keys) => PbFrame::Keys(pb::GetKeysResponse { keys: keys.iter().map(json_web_key).collect() }),
    };
    pb::WatchRevocationsResponse { frame: Some(frame) }
}

fn revocation(entry: &Entry) -> pb::Revocation {
    let (target, not_before) = match entry.target {
        Target::Token(id) => (PbTarget::TokenId(id.0.as_bytes().to_vec()), 0),
        Target::Session(id) => (PbTarget::SessionId(id.0.as_bytes().to_vec()), 0),
        Target::User => (PbTarget::UserId(entry.user_id.0.as_bytes().to_vec()), entry.not_before),
    };
    pb::Revocation { target: Some(target), not_before, expires_at: entry.expires_at }
}

fn cursor(place: Place) -> pb::RevocationCursor {
    pb::RevocationCursor { epoch: place.epoch, sequence: number(place.sequence) }
}

/// The journal counts from 1.
fn number(sequence: i64) -> u64 {
    u64::try_from(sequence).unwrap_or(0)
}

/// The longest that a `google.protobuf.Duration` may be is 10000 years.
fn duration(duration: Duration) -> prost_types::Duration {
    const LONGEST: Duration = Duration::from_secs(315_576_000_000);
    let duration = duration.min(LONGEST);
    prost_types::Duration {
        seconds: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        nanos: i32::try_from(duration.subsec_nanos()).unwrap_or(0),
    }
}
