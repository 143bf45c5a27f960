//! The outermost layer of every RPC: counts calls, and gives refusals that come
//! from the transport the same form as ours.

use std::{
    collections::HashMap,
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use sekisho_interceptor::PolicySet;
use tonic::{Code, Status, body::Body};
use tower::{Layer, Service};

use super::wire;
use crate::{
    error::{Error, Rule},
    telemetry::{CallsOf, Metrics},
};

#[derive(Clone)]
pub(super) struct AnswersLayer {
    metrics: Arc<Metrics>,
    methods: Arc<HashMap<String, CallsOf>>,
    /// Only methods of ours make a label: a stranger could make up any number.
    others: CallsOf,
}

impl AnswersLayer {
    pub(super) fn new(metrics: Arc<Metrics>, policy: &PolicySet) -> Self {
        let of = |path: &str| (path.to_owned(), metrics.calls_of(path.trim_start_matches('/')));
        let methods = Arc::new(policy.iter().map(|(path, _)| of(path)).collect());
        let others = metrics.calls_of("other");
        Self { metrics, methods, others }
    }

    fn of(&self, path: &str) -> CallsOf {
        self.methods.get(path).unwrap_or(&self.others).clone()
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

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let start = tokio::time::Instant::now();
        let method = self.layer.of(request.uri().path());
        let wire = wire(request.extensions());
        let metrics = self.layer.metrics.clone();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let response = answer.await?;
            // Refusals are trailers-only: their status stands in the headers.
            let Some(status) = Status::from_header_map(response.headers()) else {
                metrics.call(&method, Code::Ok, start.elapsed());
                return Ok(response);
            };
            let ours = of_transport(&status).map(|error| wire.refuse(&error));
            let code = ours.as_ref().map_or(status.code(), Status::code);
            metrics.call(&method, code, start.elapsed());
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
