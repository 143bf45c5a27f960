use std::{fmt, sync::Arc, time::Duration};

use http::request::Parts;
use tonic::Status;
use tower_layer::Layer;

use crate::{
    clock::Clock,
    freshness::{Introspector, RevocationSource},
    guard::{Guard, Strict},
    identity_headers::IdentityHeaders,
    keys::KeySource,
    meter::Meter,
    policy::PolicySet,
    refusal::Refusal,
    service::AuthService,
    token_cache::{TokenCache, TokenCacheSize},
    verify::Verifier,
};

/// Turns a refusal into what the caller sees.
pub type Renderer = Arc<dyn Fn(&Refusal, &Parts) -> Status + Send + Sync>;

const INTROSPECTION_BUDGET: Duration = Duration::from_millis(250);

/// Lets a request through to its method only as the method's policy says.
///
/// Works on tonic's servers and axum's routers, inside a tokio runtime that has its
/// timer enabled. A verified caller's claims are put into the request's extensions
/// as `Arc<Claims>`.
///
/// An answer that is being streamed ends when its token does, by expiry or, with
/// [`AuthLayer::revocations`], by revocation. One that is ready at once is never cut.
///
/// ```
/// use std::sync::Arc;
///
/// use sekisho_interceptor::{Access, AuthLayer, KeySet, PolicySet, TokenCacheSize, Verifier, system_clock};
///
/// let policy = PolicySet::default().route("GET", "/orders/{id}", Access::default())?;
/// let verifier = Verifier::new("https://auth.example.com", "orders");
/// let keys = Arc::new(Arc::new(KeySet::default()));
/// let layer = AuthLayer::new(verifier, keys, Arc::new(policy), system_clock())
///     .cache(TokenCacheSize { max_entries: 1_000, ..TokenCacheSize::default() })
///     .strip_headers(["x-user-*"]);
/// let orders: axum::Router = axum::Router::new().layer(layer);
/// # Ok::<(), sekisho_interceptor::PolicyError>(())
/// ```
#[derive(Clone)]
pub struct AuthLayer {
    guard: Guard,
}

impl AuthLayer {
    /// A layer that decides without I/O, remembers tokens up to the default
    /// [`TokenCacheSize`], and answers refusals by [`Refusal::status`].
    ///
    /// Until it is told of [revocations](AuthLayer::revocations), methods that refuse
    /// on stale knowledge are refused, and so are those with
    /// [`Freshness::Strict`](crate::Freshness::Strict) until somebody answers for them.
    #[must_use]
    pub fn new(verifier: Verifier, keys: Arc<dyn KeySource>, policy: Arc<PolicySet>, clock: Clock) -> Self {
        let guard = Guard {
            verifier: Arc::new(verifier),
            keys,
            policy,
            clock,
            render: Arc::new(|refusal, _| refusal.status()),
            revocations: None,
            strict: Strict::Nobody,
            budget: INTROSPECTION_BUDGET,
            cache: TokenCache::new(TokenCacheSize::default()),
            headers: Arc::default(),
            meter: None,
        };
        Self { guard }
    }

    /// Goes by another policy, and shares what this layer remembers of tokens: for one
    /// process that guards several services.
    #[must_use]
    pub fn with_policy(mut self, policy: Arc<PolicySet>) -> Self {
        self.guard.policy = policy;
        self
    }

    /// Answers refusals by `render`, which may also count or log them.
    #[must_use]
    pub fn refuse_with(mut self, render: Renderer) -> Self {
        self.guard.render = render;
        self
    }

    /// Refuses tokens that `source` strikes, on every method but those with
    /// [`Freshness::Signature`](crate::Freshness::Signature).
    #[must_use]
    pub fn revocations(mut self, source: Arc<dyn RevocationSource>) -> Self {
        self.guard.revocations = Some(source);
        self
    }

    /// Asks `issuer` about the token of each call of a method with
    /// [`Freshness::Strict`](crate::Freshness::Strict).
    #[must_use]
    pub fn introspect_with(mut self, issuer: Arc<dyn Introspector>) -> Self {
        self.guard.strict = Strict::Issuer(issuer);
        self
    }

    /// How long a call waits for the issuer before it is refused as
    /// [`Refusal::Stale`]; 250 ms unless set.
    #[must_use]
    pub fn introspection_budget(mut self, budget: Duration) -> Self {
        self.guard.budget = budget;
        self
    }

    /// Leaves [`Freshness::Strict`](crate::Freshness::Strict) to the service behind,
    /// which then must look at the session itself: for the issuer's own RPCs.
    #[must_use]
    pub fn strict_by_service(mut self) -> Self {
        self.guard.strict = Strict::Service;
        self
    }

    /// Remembers that many verified tokens. Each hit still looks at the time, at
    /// whether the key is still trusted, at revocations and at the policy.
    #[must_use]
    pub fn cache(mut self, size: TokenCacheSize) -> Self {
        self.guard.cache = TokenCache::new(size);
        self
    }

    /// Takes these headers out of requests, instead of those by which common proxies
    /// name the caller (`x-sekisho-*`, `x-forwarded-user`, `x-auth-request-*`,
    /// `x-forwarded-client-cert` and the like). A name may end in `*`.
    #[must_use]
    pub fn strip_headers<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.guard.headers = Arc::new(IdentityHeaders::new(names));
        self
    }

    /// Tells `meter` what the layer does.
    #[must_use]
    pub fn counting(mut self, meter: Arc<dyn Meter>) -> Self {
        self.guard.meter = Some(meter);
        self
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AuthService::new(inner, Arc::new(self.guard.clone()))
    }
}

impl fmt::Debug for AuthLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthLayer").field("guard", &self.guard).finish()
    }
}
