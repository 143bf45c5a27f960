//! gRPC, gRPC-Web or REST, by the content type.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::body::Body;
use http::{Request, Response, header};
use tower::{Service, ServiceExt};

use super::example_app::ExampleApp;
use crate::telemetry::traces::Surface;

/// Sends a request to the surface that it speaks to.
pub(super) struct Dispatch<G, W, R> {
    /// Shared, so that a call clones no surface but its own.
    surfaces: Arc<Surfaces<G, W, R>>,
}

struct Surfaces<G, W, R> {
    grpc: G,
    web: W,
    rest: R,
    app: Option<ExampleApp>,
}

impl<G, W, R> Dispatch<G, W, R> {
    pub(super) fn new(grpc: G, web: W, rest: R, app: Option<ExampleApp>) -> Self {
        Self { surfaces: Arc::new(Surfaces { grpc, web, rest, app }) }
    }
}

impl<G, W, R> Clone for Dispatch<G, W, R> {
    fn clone(&self) -> Self {
        Self { surfaces: self.surfaces.clone() }
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl<G, W, R, A, B> Service<Request<Body>> for Dispatch<G, W, R>
where
    G: Service<Request<tonic::body::Body>, Response = Response<A>, Error = Infallible> + Clone + Send + 'static,
    G::Future: Send,
    A: http_body::Body<Data = bytes::Bytes, Error: Into<axum::BoxError>> + Send + 'static,
    W: Service<Request<tonic::body::Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    W::Future: Send,
    B: http_body::Body<Data = bytes::Bytes, Error: Into<axum::BoxError>> + Send + 'static,
    R: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    R::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Each is cloned and made ready for each call.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answer {
        let surfaces = &self.surfaces;
        match speech(&request) {
            Surface::Grpc => grpc(surfaces.grpc.clone(), request),
            Surface::GrpcWeb => grpc(surfaces.web.clone(), request),
            Surface::Rest => match surfaces.app.and_then(|app| app.answer(&request)) {
                Some(file) => Box::pin(std::future::ready(Ok(file))),
                None => Box::pin(surfaces.rest.clone().oneshot(request)),
            },
        }
    }
}

fn grpc<S, B>(service: S, request: Request<Body>) -> Answer
where
    S: Service<Request<tonic::body::Body>, Response = Response<B>, Error = Infallible> + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = bytes::Bytes, Error: Into<axum::BoxError>> + Send + 'static,
{
    let answer = service.oneshot(request.map(tonic::body::Body::new));
    Box::pin(async move { Ok(answer.await?.map(Body::new)) })
}

/// `application/grpc`, `application/grpc-web` and `application/grpc-web-text`, with
/// any suffix (`+proto`) and parameter.
pub(super) fn speech(request: &Request<Body>) -> Surface {
    let content_type = request.headers().get(header::CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    let essence = content_type.split(|byte| b"+; ".contains(byte)).next().unwrap_or_default();
    match essence {
        b"application/grpc" => Surface::Grpc,
        b"application/grpc-web" | b"application/grpc-web-text" => Surface::GrpcWeb,
        _ => Surface::Rest,
    }
}
