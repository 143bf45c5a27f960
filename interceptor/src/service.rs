use std::{
    future::{Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::layer::Guard;

/// The service of [`AuthLayer`](crate::AuthLayer).
///
/// A refusal is a trailers-only gRPC response; the inner service does not see
/// the request.
#[derive(Clone, Debug)]
pub struct AuthService<S> {
    inner: S,
    guard: Guard,
}

impl<S> AuthService<S> {
    pub(crate) fn new(inner: S, guard: Guard) -> Self {
        Self { inner, guard }
    }
}

impl<S, RequestBody, ResponseBody> Service<Request<RequestBody>> for AuthService<S>
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>>,
    ResponseBody: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, S::Response, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        let state = match self.guard.admit(&mut parts) {
            Ok(()) => State::Admitted { inner: self.inner.call(Request::from_parts(parts, body)) },
            Err(status) => State::Refused { answer: ready(Ok(status.into_http())) },
        };
        ResponseFuture { state }
    }
}

pin_project! {
    /// The future of [`AuthService`]: the inner service's, or a refusal at once.
    #[derive(Debug)]
    pub struct ResponseFuture<F, R, E> {
        #[pin]
        state: State<F, R, E>,
    }
}

pin_project! {
    #[project = Projected]
    #[derive(Debug)]
    enum State<F, R, E> {
        Admitted { #[pin] inner: F },
        Refused { answer: Ready<Result<R, E>> },
    }
}

impl<F, R, E> Future for ResponseFuture<F, R, E>
where
    F: Future<Output = Result<R, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            Projected::Admitted { inner } => inner.poll(cx),
            Projected::Refused { answer } => Pin::new(answer).poll(cx),
        }
    }
}
