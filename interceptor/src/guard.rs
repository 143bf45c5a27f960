//! The decision, apart from the plumbing of a service.

use std::{fmt, sync::Arc, time::Duration};

use http::request::Parts;
use tonic::Status;

use crate::{
    bearer::bearer_token,
    cause::Cause,
    claims::Claims,
    clock::Clock,
    freshness::{Introspection, Introspector, RevocationSource},
    header,
    identity_headers::IdentityHeaders,
    keys::KeySource,
    layer::Renderer,
    meter::{Event, Meter},
    policy::{Access, Freshness, PolicySet, WhenStale},
    refusal::Refusal,
    token_cache::{TokenCache, TokenId},
    verify::Verifier,
};

#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) verifier: Arc<Verifier>,
    pub(crate) keys: Arc<dyn KeySource>,
    pub(crate) policy: Arc<PolicySet>,
    pub(crate) clock: Clock,
    pub(crate) render: Renderer,
    pub(crate) revocations: Option<Arc<dyn RevocationSource>>,
    pub(crate) strict: Strict,
    pub(crate) budget: Duration,
    pub(crate) cache: TokenCache,
    pub(crate) headers: Arc<IdentityHeaders>,
    pub(crate) meter: Option<Arc<dyn Meter>>,
}

/// Who answers for methods with [`Freshness::Strict`].
#[derive(Clone)]
pub(crate) enum Strict {
    Nobody,
    Issuer(Arc<dyn Introspector>),
    Service,
}

/// What becomes of a request that is not refused.
pub(crate) enum Admission {
    Anonymous,
    Caller(Arc<Claims>, Freshness),
    /// If the issuer says that the token is active.
    Pending(Arc<Claims>, Introspection),
}

impl Guard {
    /// Leaves only claims verified here in the extensions, and no header that
    /// claims to know the caller.
    pub(crate) fn admit(&self, request: &mut Parts) -> Result<Admission, Refusal> {
        request.extensions.remove::<Arc<Claims>>();
        request.extensions.remove::<Claims>();
        let count = self.headers.strip(&mut request.headers);
        if count > 0 {
            self.note(Event::HeadersStripped { count });
        }
        let admission = self.decide(request)?;
        if let Admission::Caller(claims, _) | Admission::Pending(claims, _) = &admission {
            request.extensions.insert(Arc::clone(claims));
        }
        if !matches!(admission, Admission::Pending(..)) {
            self.note(Event::Admitted);
        }
        Ok(admission)
    }

    pub(crate) fn refuse(&self, refusal: Refusal, request: &Parts) -> Status {
        self.note(Event::Refused(refusal));
        (self.render)(&refusal, request)
    }

    pub(crate) fn note(&self, event: Event) {
        if let Some(meter) = &self.meter {
            meter.note(event);
        }
    }

    fn decide(&self, request: &Parts) -> Result<Admission, Refusal> {
        let access = self.policy.find(&request.method, request.uri.path()).ok_or(Refusal::NoPolicy)?;
        if access.public {
            return Ok(Admission::Anonymous);
        }
        let token = bearer_token(&request.headers)?;
        let now = (self.clock)();
        let claims = self.verified(token, now)?;
        if access.freshness != Freshness::Signature && self.is_struck(&claims) {
            return Err(Refusal::Revoked);
        }
        access.check(&claims, now)?;
        self.confirm(access, token, claims, now)
    }

    fn verified(&self, token: &str, now: i64) -> Result<Arc<Claims>, Refusal> {
        let keys = self.keys.keys();
        if !self.cache.is_on() || token.len() > crate::MAX_TOKEN_BYTES {
            let claims = self.verifier.verify(token, &keys, now);
            return claims.map(Arc::new).inspect_err(|refusal| self.report(token, *refusal));
        }
        let id = TokenId::of(token);
        if let Some(verified) = self.cache.get(&id, &keys) {
            self.note(Event::CacheHit);
            self.verifier.check_times(&verified.claims, now)?;
            return Ok(Arc::clone(&verified.claims));
        }
        self.note(Event::CacheMiss);
        let verified = self.verifier.verify_by(token, &keys, now);
        let (claims, key) = verified.inspect_err(|refusal| self.report(token, *refusal))?;
        let claims = Arc::new(claims);
        self.cache.put(&id, &claims, key);
        Ok(claims)
    }

    /// A key that is not known may be new.
    fn report(&self, token: &str, refusal: Refusal) {
        if refusal == Refusal::Invalid(Cause::Key)
            && let Some(kid) = header::kid(token)
        {
            self.keys.missed(&kid);
        }
    }

    pub(crate) fn is_struck(&self, claims: &Claims) -> bool {
        self.revocations.as_ref().is_some_and(|source| source.strikes(claims))
    }

    fn confirm(&self, access: &Access, token: &str, claims: Arc<Claims>, now: i64) -> Result<Admission, Refusal> {
        match (access.freshness, &self.strict) {
            (Freshness::Strict, Strict::Nobody) => Err(Refusal::Stale),
            (Freshness::Strict, Strict::Issuer(issuer)) => {
                let answer = issuer.introspect(token);
                Ok(Admission::Pending(claims, answer))
            }
            (Freshness::Stream { max_staleness, when_stale }, _) if self.is_stale(max_staleness, &claims, now) => {
                if when_stale == WhenStale::Refuse {
                    return Err(Refusal::Stale);
                }
                self.note(Event::StaleServed);
                Ok(Admission::Caller(claims, access.freshness))
            }
            _ => Ok(Admission::Caller(claims, access.freshness)),
        }
    }

    // The issuer gives no token to a session that has ended, so a young token stands
    // in for fresh knowledge; but not for a source that nobody configured.
    fn is_stale(&self, max: Duration, claims: &Claims, now: i64) -> bool {
        let Some(source) = &self.revocations else { return true };
        let age = Duration::from_secs(u64::try_from(now.saturating_sub(claims.iat)).unwrap_or(0));
        source.staleness().is_none_or(|staleness| staleness > max) && age > max
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("verifier", &self.verifier).field("policy", &self.policy).finish_non_exhaustive()
    }
}
