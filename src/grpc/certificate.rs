//! Calls of services that have a certificate in the place of a token.

use std::{
    collections::HashSet,
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderValue, Request, Response, header};
use sekisho_interceptor::{Callers, PolicySet};
use tonic::body::Body;
use tower::{Layer, Service, ServiceExt};
use zeroize::Zeroizing;

use super::{bounds::Admission, wire};
use crate::{
    ctx::Ctx,
    error::Error,
    flows::{Call, certificate::CertificateTokens},
};

/// Gives a call of a service without a token the one that its certificate is worth, for
/// the layer behind to check as any other. A call with a token keeps that.
#[derive(Clone)]
pub(super) struct CertificateLayer {
    ctx: Arc<Ctx>,
    tokens: Arc<CertificateTokens>,
    /// What services may call.
    methods: Arc<HashSet<String>>,
}

impl CertificateLayer {
    pub(super) fn new(ctx: Arc<Ctx>, policy: &PolicySet) -> Self {
        let of_services = policy.iter().filter(|(_, access)| !access.public && access.callers != Callers::People);
        let methods = of_services.map(|(path, _)| path.to_owned()).collect();
        Self { ctx, tokens: Arc::default(), methods: Arc::new(methods) }
    }
}

impl<S> Layer<S> for CertificateLayer {
    type Service = Certified<S>;

    fn layer(&self, inner: S) -> Certified<S> {
        Certified { inner, layer: self.clone() }
    }
}

#[derive(Clone)]
pub(super) struct Certified<S> {
    inner: S,
    layer: CertificateLayer,
}

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl<S> Service<Request<Body>> for Certified<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Answer {
        let call = request.extensions().get::<Call>().filter(|call| call.certificate.is_some()).cloned();
        let is_theirs = self.layer.methods.contains(request.uri().path());
        let (Some(call), true, false) = (call, is_theirs, request.headers().contains_key(header::AUTHORIZATION)) else {
            return Box::pin(self.inner.call(request));
        };
        let (inner, layer) = (self.inner.clone(), self.layer.clone());
        let place = request.extensions().get::<Admission>().map(Admission::admit).transpose();
        Box::pin(async move {
            let token = match place {
                Ok(_place) => layer.tokens.token(&layer.ctx, &call).await,
                Err(overloaded) => Err(overloaded),
            };
            match token {
                Ok(token) => {
                    if let Some(bearer) = token.and_then(|token| bearer(&token)) {
                        request.headers_mut().insert(header::AUTHORIZATION, bearer);
                    }
                    inner.oneshot(request).await
                }
                Err(error) => Ok(refuse(&request, &error)),
            }
        })
    }
}

fn bearer(token: &str) -> Option<HeaderValue> {
    let text = Zeroizing::new(format!("Bearer {token}"));
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

fn refuse(request: &Request<Body>, error: &Error) -> Response<Body> {
    wire(request.extensions()).refuse(error).into_http()
}
