//! What every call is told of its caller.

use std::{
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context as Poller, Poll},
    time::Duration,
};

use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Request, Response, header};
use tower::{Layer, Service};

use super::proxies::Proxies;
use crate::{
    domain::{Locale, Origin, SpiffeId, UserAgent},
    entropy::Entropy,
    error::Wire,
    flows::Call,
    grpc::Deadline,
    tls::PeerIdentity,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Browsers send it with each request (Fetch Metadata), and let no page change it.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const MAX_REQUEST_ID: usize = 64;

/// Puts a [`Call`], a [`Wire`] and a [`Deadline`] into the extensions of each request,
/// and the request's id into the answer.
#[derive(Clone)]
pub struct ContextLayer {
    entropy: Arc<dyn Entropy>,
    proxies: Proxies,
    time: Duration,
}

impl ContextLayer {
    /// `entropy` makes the ids of requests that bring none; `proxies` are believed
    /// in who calls through them; `time` is the longest that a unary call may take.
    pub fn new(entropy: Arc<dyn Entropy>, proxies: Proxies, time: Duration) -> Self {
        Self { entropy, proxies, time }
    }

    /// A proxy shows a certificate of its own, whoever calls through it; and a browser shows
    /// one for any page, which might be nobody's that its owner trusts.
    fn certificate(&self, peer: IpAddr, headers: &HeaderMap, extensions: &Extensions) -> Option<Arc<SpiffeId>> {
        let is_browser = headers.contains_key(header::ORIGIN) || headers.contains_key(SEC_FETCH_SITE);
        let identity = extensions.get::<Arc<PeerIdentity>>().filter(|_| !is_browser && !self.proxies.know(peer))?;
        let id = identity.spiffe_id.as_deref()?;
        SpiffeId::parse(id).ok().map(Arc::new)
    }

    fn request_id(&self, headers: &HeaderMap) -> Arc<str> {
        let given = headers.get(&REQUEST_ID).and_then(|value| value.to_str().ok());
        given.filter(|id| is_request_id(id)).map_or_else(
            || uuid::Builder::from_random_bytes(self.entropy.bytes()).into_uuid().to_string().into(),
            Arc::from,
        )
    }
}

/// Short and without anything that could forge a line of a log.
fn is_request_id(id: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(legal)
}

impl<S> Layer<S> for ContextLayer {
    type Service = Context<S>;

    fn layer(&self, inner: S) -> Context<S> {
        Context { inner, layer: self.clone() }
    }
}

/// The service of [`ContextLayer`].
#[derive(Clone)]
pub struct Context<S> {
    inner: S,
    layer: ContextLayer,
}

impl<S, B, R> Service<Request<B>> for Context<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Poller<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let peer = request.extensions().get::<SocketAddr>().map(SocketAddr::ip);
        let address = peer.map(|peer| self.layer.proxies.see_through(peer, request.headers_mut()));
        let request_id = self.layer.request_id(request.headers());
        let locale = text(request.headers(), &header::ACCEPT_LANGUAGE).and_then(Locale::negotiate);
        let user_agent = text(request.headers(), &header::USER_AGENT).map(UserAgent::salvage).unwrap_or_default();
        let origin = Origin { address, request_id: request_id.clone() };
        let id_header = HeaderValue::from_str(&request_id).ok();
        let deadline = Deadline::of(request.headers(), self.layer.time);
        request.extensions_mut().insert(deadline);
        let certificate = peer.and_then(|peer| self.layer.certificate(peer, request.headers(), request.extensions()));
        request.extensions_mut().insert(Call { origin, user_agent, locale, certificate });
        request.extensions_mut().insert(Wire { locale: locale.unwrap_or_default(), request_id, method: None });
        let answer = self.inner.call(request);
        Box::pin(async move {
            let mut response = answer.await?;
            if let Some(id) = id_header {
                response.headers_mut().insert(REQUEST_ID, id);
            }
            Ok(response)
        })
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R73.
    #[test]
    fn an_id_that_could_forge_a_log_line_is_not_taken() {
        assert!(is_request_id("01J9-abc_DEF.7"));
        for id in ["", "a b", "a\"b", "é", &"a".repeat(65)] {
            assert!(!is_request_id(id), "{id:?}");
        }
    }
}
