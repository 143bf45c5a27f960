//! The outermost layer of every RPC: counts calls, and gives refusals that come
//! from the transport the same form as ours.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use http::{Request, Response};
use tonic::{Code, Status, body::Body};
use tower::{Layer, Service};

use super::{Deadline, counted::Counted, wire};
use crate::{
    error::{Error, Rule, Wire},
    server::Overfull,
    telemetry::{CallCounts, traces},
};

#[derive(Clone)]
pub(super) struct AnswersLayer {
    counts: CallCounts,
}

impl AnswersLayer {
    pub(super) fn new(counts: CallCounts) -> Self {
        Self { counts }
    }
}

impl<S> Layer<S> for AnswersLayer {
    type Service = Answers<S>;

    fn layer(&self, inner: S) -> Answers<S> {
        Answers { inner, layer: self.clone() }
    }
}

#[derive(Clone)]
pub(super) struct Answers<S> {
    inner: S,
    layer: AnswersLayer,
}

impl<S> Service<Request<Body>> for Answers<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let deadline = request.extensions().get::<Deadline>().map(|deadline| deadline.0);
        let mut counting = self.layer.counts.begin(request.uri().path(), deadline);
        if let Some(wire) = request.extensions_mut().get_mut::<Wire>() {
            wire.method = counting.method();
        }
        let wire = wire(request.extensions());
        let overfull = request.extensions().get::<Overfull>().cloned().unwrap_or_default();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let response = answer.await?;
            // Refusals are trailers-only: their status stands in the headers.
            let Some(status) = Status::from_header_map(response.headers()) else {
                if counting.is_of_stream() {
                    counting.opened();
                    traces::answered(Code::Ok);
                    return Ok(response.map(|body| Counted::body(body, counting)));
                }
                counting.ended(Code::Ok);
                traces::answered(Code::Ok);
                return Ok(response);
            };
            let error = if overfull.has_happened() { Some(Error::Overloaded) } else { of_transport(&status) };
            let ours = error.map(|error| wire.refuse(&error));
            let code = ours.as_ref().map_or(status.code(), Status::code);
            counting.ended(code);
            traces::answered(code);
            Ok(ours.map_or(response, Status::into_http))
        })
    }
}

/// What a refusal without details, which only the transport makes, is in our
/// words. `None`: it is ours, or one that every gRPC client knows.
fn of_transport(status: &Status) -> Option<Error> {
    if !status.details().is_empty() {
        return None;
    }
    match status.code() {
        // What cannot be decoded is the caller's fault, not ours.
        Code::Internal => Some(Error::invalid("message", Rule::InvalidProtobuf)),
        Code::OutOfRange | Code::ResourceExhausted => Some(Error::RequestTooLarge),
        _ => None,
    }
}
