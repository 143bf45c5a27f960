//! Streams of services that are not ours, which would go on until their connection is cut.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::{body::Body, extract::Request, middleware::Next, response::Response};
use bytes::Bytes;
use http::HeaderMap;
use http_body::Frame;
use tokio_util::sync::WaitForCancellationFutureOwned;
use tonic::Status;

use super::Closing;

/// Has a stream end when its connection takes no more calls, so that its client asks
/// elsewhere: who watches the health of a server would hold up its end otherwise.
pub async fn end_with_connection(request: Request, next: Next) -> Response {
    let closing = request.extensions().get::<Closing>().cloned();
    let response = next.run(request).await;
    let Some(Closing(token)) = closing else { return response };
    let closing = Some(Box::pin(token.cancelled_owned()));
    response.map(|body| Body::new(Ending { body, closing }))
}

struct Ending {
    body: Body,
    /// `None` once the stream has ended.
    closing: Option<Pin<Box<WaitForCancellationFutureOwned>>>,
}

impl http_body::Body for Ending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Some(closing) = &mut self.closing else { return Poll::Ready(None) };
        let is_closing = closing.as_mut().poll(cx).is_ready();
        // What it has to say is said before.
        match Pin::new(&mut self.body).poll_frame(cx) {
            Poll::Pending if is_closing => {
                self.closing = None;
                let mut trailers = HeaderMap::new();
                let status = Status::unavailable("the connection takes no more calls");
                Poll::Ready(status.add_header(&mut trailers).is_ok().then(|| Ok(Frame::trailers(trailers))))
            }
            frame => frame,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.closing.is_none() || self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}
