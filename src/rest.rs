//! The REST surface: JSON over HTTP, made of the gRPC one.
//!
//! [`Transcoder`] reads `google.api.http` out of the descriptors and calls the
//! gRPC routes in process with a real frame, so that every layer on them (guard,
//! limits, errors) serves both surfaces. The proto is the only place where a
//! route is written.

mod binding;
mod body;
mod cookie;
mod decode;
mod fault;
mod field;
mod frame;
mod json;
pub mod openapi;
mod query;
mod request;
mod response;
mod router;
mod scalar;
mod template;
#[cfg(test)]
mod tests;
mod well_known;

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::body::{Body, Bytes};
use http::{HeaderValue, Method, Request, Response, header};
use http_body::Body as _;
use prost_reflect::DescriptorPool;
use tokio::time::timeout_at;
use tonic::Code;
use tower::{Service, ServiceExt};

pub use self::{
    binding::BindingError,
    body::MAX_BODY,
    cookie::{COOKIE_MODE, RefreshCookie},
};
use self::{response::refusal, router::Router};
use crate::{
    domain::Locale,
    error::{Error, Wire},
    grpc::Deadline,
    telemetry::{CallCounts, Counting, traces},
};

/// A service that answers REST calls by gRPC calls of `U`.
///
/// Answers are JSON with the field names of the proto; refusals are
/// `{"error", "message", "details", "request_id"}`. What it refuses itself is
/// worded by the [`Wire`] among the request's extensions, where there is one.
#[derive(Clone)]
pub struct Transcoder<U> {
    router: Arc<Router>,
    upstream: U,
    cookie: Option<RefreshCookie>,
    counts: Option<CallCounts>,
}

impl<U> Transcoder<U> {
    /// Reads the bindings of every service in `pool`, whose method options must
    /// have been kept; `upstream` serves those RPCs.
    ///
    /// # Errors
    ///
    /// A binding that cannot be served, by the name of its RPC.
    pub fn new(pool: DescriptorPool, upstream: U) -> Result<Self, BindingError> {
        Ok(Self { router: Arc::new(Router::new(&pool)?), upstream, cookie: None, counts: None })
    }

    /// Counts what it answers by itself; the rest is `upstream`'s to count.
    #[must_use]
    pub fn counted(self, counts: CallCounts) -> Self {
        Self { counts: Some(counts), ..self }
    }

    /// Keeps the refresh tokens of callers that ask for it in a cookie.
    #[must_use]
    pub fn with_cookie(self, cookie: RefreshCookie) -> Self {
        Self { cookie: Some(cookie), ..self }
    }
}

impl<U> fmt::Debug for Transcoder<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transcoder").finish_non_exhaustive()
    }
}

impl<U, B> Service<Request<Body>> for Transcoder<U>
where
    U: Service<Request<tonic::body::Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    U::Future: Send,
    B: http_body::Body<Data = Bytes> + Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move { Ok(this.answer(request).await) })
    }
}

impl<U, B> Transcoder<U>
where
    U: Service<Request<tonic::body::Body>, Response = Response<B>, Error = Infallible>,
    B: http_body::Body<Data = Bytes>,
{
    async fn answer(self, request: Request<Body>) -> Response<Body> {
        let mut wire = wire(&request);
        let head = request.method() == Method::HEAD;
        let deadline = request.extensions().get::<Deadline>().copied();
        let answer = self.forward(request, &mut wire);
        // Here and not only below, where the body has been read.
        let answer = match deadline {
            Some(Deadline(at)) => timeout_at(at, answer).await.unwrap_or(Err(Error::DeadlineExceeded)),
            None => answer.await,
        };
        let response = answer.unwrap_or_else(|error| refusal(&wire.refuse(&error)));
        if head { without_body(response) } else { response }
    }

    async fn forward(self, request: Request<Body>, wire: &mut Wire) -> Result<Response<Body>, Error> {
        let path = request.uri().path();
        if path == openapi::PATH {
            let counting = self.begin(path, &request);
            let answer = openapi::answer(request.method());
            ended(counting, answer.as_ref().err());
            return answer;
        }
        let route = self.router.find(request.method(), path);
        let route = route.inspect_err(|error| ended(self.begin("", &request), Some(error)))?;
        let binding = route.binding;
        wire.method = Some(binding.method_name.clone());
        traces::routed(&binding.method_name, Some(&binding.path));
        let counting = self.begin(binding.uri.path(), &request);
        let (parts, body) = request.into_parts();
        let jar = self.cookie.and_then(|cookie| cookie.open(&parts.headers));
        let request = match request::translate(route, parts, body, jar.as_ref()).await {
            Ok(request) => request,
            Err(error) => {
                ended(counting, Some(&error));
                return Err(error);
            }
        };
        if let Some(counting) = counting {
            counting.passed_on();
        }
        let Ok(response) = self.upstream.oneshot(request).await;
        response::translate(binding, response, jar.as_ref()).await
    }

    fn begin(&self, path: &str, request: &Request<Body>) -> Option<Counting> {
        let deadline = request.extensions().get::<Deadline>().map(|deadline| deadline.0);
        self.counts.as_ref().map(|counts| counts.begin(path, deadline))
    }
}

fn ended(counting: Option<Counting>, error: Option<&Error>) {
    if let Some(counting) = counting {
        counting.ended(error.map_or(Code::Ok, |error| error.reason().code()));
    }
}

fn wire(request: &Request<Body>) -> Wire {
    request.extensions().get().cloned().unwrap_or_else(|| {
        let wanted = request.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Wire { locale: wanted.and_then(Locale::negotiate).unwrap_or_default(), ..Wire::default() }
    })
}

/// The answer to HEAD: as to GET, with the length of what is left out.
fn without_body(response: Response<Body>) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact().filter(|length| *length > 0) {
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    Response::from_parts(parts, Body::empty())
}
