//! What an issuer says of keys and revocations, followed by one task.

mod builder;
mod credentials;
mod event;
mod follower;
#[cfg(feature = "_fuzzing")]
pub(crate) mod fuzzing;
mod inner;
mod key_file;
mod link;
mod steady;
mod supervisor;

use std::{fmt, sync::Arc, time::Duration};

use tokio::{sync::watch, task::AbortHandle, time::timeout};
use tonic::transport::Channel;

use self::inner::Inner;
pub use self::{
    builder::{TrustBuilder, TrustError},
    credentials::{ProvidedToken, TokenProvider},
    event::{Ended, Health, Resync, TrustEvent, TrustMeter},
};
use crate::{
    claims::Claims,
    freshness::{Introspection, Introspector, RevocationSource, Unavailable},
    keys::{KeySet, KeySource},
};

/// The trust in one issuer: its keys and its revocations, as they are pushed by its
/// feed, and its word on single tokens.
///
/// It is a [`KeySource`], a [`RevocationSource`] and an [`Introspector`], so one `Trust`
/// is all that an [`AuthLayer`](crate::AuthLayer) needs. None of the former two ever
/// waits for the network. Its task ends when it is dropped.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use std::{sync::Arc, time::Duration};
/// use sekisho_interceptor::{AuthLayer, PolicySet, Trust, Verifier, system_clock};
///
/// let trust = Trust::at("https://auth.example").client("orders", "sks_…").start()?;
/// let trust = Arc::new(trust);
/// trust.ready(Duration::from_secs(5)).await?;
///
/// let policy = PolicySet::default().allow_public("grpc.health.v1.Health");
/// let verifier = Verifier::new("https://auth.example", "orders");
/// let layer = AuthLayer::new(verifier, trust.clone(), Arc::new(policy), system_clock())
///     .revocations(trust.clone())
///     .introspect_with(trust);
/// # Ok(())
/// # }
/// ```
pub struct Trust {
    inner: Arc<Inner>,
    task: AbortHandle,
}

impl Trust {
    /// The issuer at `http://HOST:PORT` or, with the feature `tls`, `https://HOST:PORT`.
    pub fn at(address: impl Into<String>) -> TrustBuilder {
        TrustBuilder::address(address.into())
    }

    /// The issuer at the other end of `channel`, which authenticates it as you set it up to.
    pub fn over(channel: Channel) -> TrustBuilder {
        TrustBuilder::channel(channel)
    }

    pub(crate) fn spawn(inner: Inner) -> Self {
        let inner = Arc::new(inner);
        let task = tokio::spawn(supervisor::run(Arc::clone(&inner))).abort_handle();
        Self { inner, task }
    }

    /// How far the issuer can be trusted at this moment: for a readiness probe.
    #[must_use]
    pub fn health(&self) -> Health {
        self.inner.health()
    }

    /// Waits until [`Trust::health`] is [`Health::Ready`].
    ///
    /// # Errors
    ///
    /// The health at the end, if it is not ready in time. It goes on trying.
    pub async fn ready(&self, patience: Duration) -> Result<(), NotReady> {
        let mut progress = self.inner.progress.subscribe();
        let wait = progress.wait_for(|()| self.health() == Health::Ready);
        match timeout(patience, wait).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(NotReady(self.health())),
        }
    }

    /// How many revocations are held.
    #[must_use]
    pub fn revocations(&self) -> usize {
        self.inner.set.len()
    }

    /// How long ago the issuer stood by the keys. `None`: they are pinned, or there are none.
    #[must_use]
    pub fn key_age(&self) -> Option<Duration> {
        self.inner.keys.age()
    }
}

/// The trust was not ready in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the issuer is not to be trusted yet: {0:?}")]
pub struct NotReady(pub Health);

impl Drop for Trust {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl KeySource for Trust {
    fn keys(&self) -> Arc<KeySet> {
        self.inner.keys.keys()
    }

    fn missed(&self, kid: &str) {
        self.inner.refresh.want(kid);
    }
}

impl RevocationSource for Trust {
    fn strikes(&self, claims: &Claims) -> bool {
        self.inner.set.strikes(claims)
    }

    fn staleness(&self) -> Option<Duration> {
        self.inner.staleness()
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes.subscribe()
    }
}

impl Introspector for Trust {
    fn introspect(&self, token: &str) -> Introspection {
        let inner = Arc::clone(&self.inner);
        let token = token.to_owned();
        Box::pin(async move {
            match timeout(inner.budget, inner.introspect(token)).await {
                Ok(Ok(active)) => Ok(active),
                _ => Err(Unavailable),
            }
        })
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Trust")
            .field("health", &self.health())
            .field("revocations", &self.revocations())
            .finish_non_exhaustive()
    }
}
