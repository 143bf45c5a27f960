//! A stream is counted when it has ended: only its trailers say how.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::{Code, Status, body::Body};

use crate::telemetry::Counting;

/// What a stream answers, and the call to count.
pub(super) struct Counted {
    body: Body,
    /// `None` once it is counted.
    counting: Option<Counting>,
}

impl Counted {
    pub(super) fn body(body: Body, counting: Counting) -> Body {
        Body::new(Self { body, counting: Some(counting) })
    }

    fn ended(&mut self, code: Code) {
        if let Some(counting) = self.counting.take() {
            counting.ended(code);
        }
    }
}

impl HttpBody for Counted {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        match &frame {
            Poll::Pending => {}
            Poll::Ready(None) => self.ended(Code::Ok),
            Poll::Ready(Some(Err(status))) => self.ended(status.code()),
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(status) = frame.trailers_ref().and_then(Status::from_header_map) {
                    self.ended(status.code());
                }
            }
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
