//! The span of each call, and whose word is taken for the trace that it belongs to.

use std::{
    collections::HashSet,
    convert::Infallible,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context as Poller, Poll},
};

use axum::body::Body;
use http::{HeaderMap, HeaderName, Request, Response};
use ipnet::IpNet;
use opentelemetry::{
    Context,
    propagation::{Extractor, TextMapPropagator},
    trace::{SpanContext, TraceContextExt},
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tower::{Layer, Service};
use tracing::{Instrument, Span};

use super::dispatch::speech;
use crate::{
    grpc,
    telemetry::traces::{self, Caller, Surface},
};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Of a `traceparent` of version 00 (W3C Trace Context, section 3.2).
const LENGTH: usize = 55;

/// Gives calls spans. There only where there are traces.
#[derive(Clone)]
pub(super) struct TracedLayer(Arc<Terms>);

struct Terms {
    trust: Vec<IpNet>,
    rpcs: HashSet<String>,
}

impl TracedLayer {
    /// Callers in one of these networks are believed.
    pub(super) fn new(trust: &[IpNet]) -> Result<Self, sekisho_interceptor::PolicyError> {
        let rpcs = grpc::policy()?.iter().map(|(path, _)| path.to_owned()).collect();
        Ok(Self(Arc::new(Terms { trust: trust.to_vec(), rpcs })))
    }
}

impl Terms {
    fn span(&self, request: &Request<Body>) -> Span {
        let (surface, path) = (speech(request), request.uri().path());
        // Probes, and what callers make up.
        if surface != Surface::Rest && !self.rpcs.contains(path) {
            return Span::none();
        }
        let peer = request.extensions().get::<SocketAddr>().map(SocketAddr::ip);
        let span = traces::call(self.caller(peer, request.headers()), surface, request.version());
        span.in_scope(|| match surface {
            Surface::Rest => traces::asked(request.method()),
            Surface::Grpc | Surface::GrpcWeb => traces::routed(path.trim_start_matches('/'), None),
        });
        span
    }

    fn caller(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> Caller {
        let Some(context) = context(headers) else { return Caller::Silent };
        let peer = peer.map(|peer| peer.to_canonical());
        let is_believed = peer.is_some_and(|peer| self.trust.iter().any(|network| network.contains(&peer)));
        if is_believed { Caller::Believed(context) } else { Caller::Unknown(context) }
    }
}

/// What the headers say, if they say one thing and that as they should.
fn context(headers: &HeaderMap) -> Option<SpanContext> {
    let mut parents = headers.get_all(TRACEPARENT).iter();
    let (parent, other) = (parents.next()?.as_bytes(), parents.next());
    if other.is_some() || parent.len() < LENGTH || (parent.starts_with(b"00-") && parent.len() != LENGTH) {
        return None;
    }
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &Headers(headers));
    let span = context.span();
    span.span_context().is_valid().then(|| span.span_context().clone())
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(|value| value.to_str().ok())
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(HeaderName::as_str).collect()
    }
}

impl<S> Layer<S> for TracedLayer {
    type Service = Traced<S>;

    fn layer(&self, inner: S) -> Traced<S> {
        Traced { inner, terms: self.0.clone() }
    }
}

#[derive(Clone)]
pub(super) struct Traced<S> {
    inner: S,
    terms: Arc<Terms>,
}

impl<S> Service<Request<Body>> for Traced<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Poller<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let span = self.terms.span(&request);
        let is_rest = speech(&request) == Surface::Rest;
        let answer = self.inner.call(request);
        let answer = async move {
            let response = answer.await?;
            if is_rest {
                traces::responded(response.status());
            }
            Ok(response)
        };
        Box::pin(answer.instrument(span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn headers(parents: &[&str]) -> HeaderMap {
        parents.iter().map(|parent| (TRACEPARENT, parent.parse().unwrap())).collect()
    }

    #[test]
    fn what_is_not_a_traceparent_says_nothing() {
        let said = context(&headers(&[GOOD])).unwrap();
        assert_eq!(said.trace_id().to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert!(said.is_sampled() && said.is_remote());
        let (future, longer) = (GOOD.replacen("00", "01", 1), format!("{GOOD}-more"));
        assert!(context(&headers(&[&future])).is_some(), "what comes after 00 is read as far as it is known");
        assert!(context(&headers(&[&longer.replacen("00", "cc", 1)])).is_some());
        for junk in [
            "",
            "junk",
            &longer,
            &GOOD.to_uppercase(),
            &GOOD.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            &GOOD.replace("00f067aa0ba902b7", &"0".repeat(16)),
            &GOOD.replacen("00", "ff", 1),
            &GOOD.replace("4bf92f35", "4bf9"),
            &GOOD.replace('-', " "),
        ] {
            assert!(context(&headers(&[junk])).is_none(), "{junk}");
        }
        assert!(context(&headers(&[GOOD, GOOD])).is_none(), "two of them contradict each other");
        assert!(context(&HeaderMap::new()).is_none());
    }

    #[test]
    fn only_who_is_trusted_is_believed() {
        let terms = Terms { trust: vec!["10.0.0.0/8".parse().unwrap()], rpcs: HashSet::new() };
        let of = |peer: &str| terms.caller(peer.parse().ok(), &headers(&[GOOD]));
        assert!(matches!(of("10.1.2.3"), Caller::Believed(_)));
        assert!(matches!(of("::ffff:10.1.2.3"), Caller::Believed(_)));
        assert!(matches!(of("192.0.2.1"), Caller::Unknown(_)));
        assert!(matches!(of("unknown"), Caller::Unknown(_)));
        assert!(matches!(terms.caller("10.1.2.3".parse().ok(), &HeaderMap::new()), Caller::Silent));
    }
}
