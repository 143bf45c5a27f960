//! gRPC or REST, by the content type.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Body;
use http::{Request, Response, header};
use tower::{Service, ServiceExt};

/// Sends a request to the surface that it speaks to.
#[derive(Clone)]
pub(super) struct Dispatch<G, R> {
    grpc: G,
    rest: R,
}

impl<G, R> Dispatch<G, R> {
    pub(super) fn new(grpc: G, rest: R) -> Self {
        Self { grpc, rest }
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl<G, R> Service<Request<Body>> for Dispatch<G, R>
where
    G: Service<Request<tonic::body::Body>, Response = Response<tonic::body::Body>, Error = Infallible>,
    G: Clone + Send + 'static,
    G::Future: Send,
    R: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    R::Future: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Either is cloned and made ready for each call.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answer {
        if is_grpc(&request) {
            let grpc = self.grpc.clone();
            return Box::pin(async move {
                let response = grpc.oneshot(request.map(tonic::body::Body::new)).await?;
                Ok(response.map(Body::new))
            });
        }
        Box::pin(self.rest.clone().oneshot(request))
    }
}

/// `application/grpc` and `application/grpc-web`, with any suffix.
fn is_grpc(request: &Request<Body>) -> bool {
    let content_type = request.headers().get(header::CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}
