use std::{fmt, sync::Arc};

use http::request::Parts;
use tonic::Status;
use tower_layer::Layer;

use crate::{
    bearer::bearer_token, claims::Claims, clock::Clock, keys::KeySource, policy::PolicySet, refusal::Refusal,
    service::AuthService, verify::Verifier,
};

/// Turns a refusal into what the caller sees.
pub type Renderer = Arc<dyn Fn(&Refusal, &Parts) -> Status + Send + Sync>;

/// Lets a request through to its method only as the method's policy says.
///
/// Works on any service whose response body has a default: tonic's and axum's.
/// A verified caller's claims are put into the request's extensions as
/// `Arc<Claims>`.
#[derive(Clone)]
pub struct AuthLayer {
    guard: Guard,
}

impl AuthLayer {
    /// A layer that decides without I/O and answers refusals by [`Refusal::status`].
    #[must_use]
    pub fn new(verifier: Verifier, keys: Arc<dyn KeySource>, policy: Arc<PolicySet>, clock: Clock) -> Self {
        let verifier = Arc::new(verifier);
        let render: Renderer = Arc::new(|refusal, _| refusal.status());
        Self { guard: Guard { verifier, keys, policy, clock, render } }
    }

    /// Answers refusals by `render`, which may also count or log them.
    #[must_use]
    pub fn refuse_with(mut self, render: Renderer) -> Self {
        self.guard.render = render;
        self
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        AuthService::new(inner, self.guard.clone())
    }
}

impl fmt::Debug for AuthLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthLayer").field("guard", &self.guard).finish()
    }
}

/// The decision, apart from the plumbing of a service.
#[derive(Clone)]
pub(crate) struct Guard {
    verifier: Arc<Verifier>,
    keys: Arc<dyn KeySource>,
    policy: Arc<PolicySet>,
    clock: Clock,
    render: Renderer,
}

impl Guard {
    /// Leaves only claims verified here in the extensions.
    pub(crate) fn admit(&self, request: &mut Parts) -> Result<(), Status> {
        request.extensions.remove::<Arc<Claims>>();
        request.extensions.remove::<Claims>();
        match self.decide(request) {
            Ok(None) => Ok(()),
            Ok(Some(claims)) => {
                request.extensions.insert(Arc::new(claims));
                Ok(())
            }
            Err(refusal) => Err((self.render)(&refusal, request)),
        }
    }

    /// `None` is an anonymous caller of a public method.
    fn decide(&self, request: &Parts) -> Result<Option<Claims>, Refusal> {
        let access = self.policy.get(request.uri.path()).ok_or(Refusal::NoPolicy)?;
        if access.public {
            return Ok(None);
        }
        let token = bearer_token(&request.headers)?;
        let now = (self.clock)();
        let claims = self.verifier.verify(token, &self.keys.keys(), now)?;
        access.check(&claims, now)?;
        Ok(Some(claims))
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("verifier", &self.verifier).field("policy", &self.policy).finish_non_exhaustive()
    }
}
