//! Where a layer learns what was taken back.

use std::{pin::Pin, time::Duration};

use tokio::sync::watch;

use crate::claims::Claims;

/// What is known here of revocations, by a feed or otherwise. Asked for each
/// request: it must neither block nor fetch.
///
/// ```
/// use std::time::Duration;
///
/// use sekisho_interceptor::{Claims, RevocationSet, RevocationSource};
/// use tokio::sync::watch;
///
/// /// Revocations that come some other way than by the feed.
/// struct Ours {
///     set: RevocationSet,
///     changed: watch::Sender<u64>,
/// }
///
/// impl RevocationSource for Ours {
///     fn strikes(&self, claims: &Claims) -> bool {
///         self.set.strikes(claims)
///     }
///
///     fn staleness(&self) -> Option<Duration> {
///         Some(Duration::ZERO)
///     }
///
///     fn changes(&self) -> watch::Receiver<u64> {
///         self.changed.subscribe()
///     }
/// }
/// ```
pub trait RevocationSource: Send + Sync {
    /// Whether a token with these claims was taken back, as far as is known.
    fn strikes(&self, claims: &Claims) -> bool;

    /// How old that knowledge is. `None`: nothing was ever heard.
    ///
    /// What is known to be incomplete, such as a set that
    /// [overflowed](crate::RevocationSet::overflowed), is `Some(Duration::MAX)`.
    fn staleness(&self) -> Option<Duration>;

    /// Changes with each revocation, or batch of them, that was learnt. Answers that
    /// are still being streamed are judged again each time.
    fn changes(&self) -> watch::Receiver<u64>;
}

/// The issuer did not say whether a token is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the issuer did not answer")]
pub struct Unavailable;

/// The answer to come of an [`Introspector`].
pub type Introspection = Pin<Box<dyn Future<Output = Result<bool, Unavailable>> + Send>>;

/// Asks the issuer about one token, for methods with
/// [`Freshness::Strict`](crate::Freshness::Strict).
///
/// ```
/// use sekisho_interceptor::{Introspection, Introspector, Unavailable};
///
/// /// An issuer that cannot be asked.
/// struct Nobody;
///
/// impl Introspector for Nobody {
///     fn introspect(&self, _token: &str) -> Introspection {
///         Box::pin(async { Err(Unavailable) })
///     }
/// }
/// ```
pub trait Introspector: Send + Sync {
    /// Whether the token is active now (RFC 7662). The layer stops waiting after
    /// its [budget](crate::AuthLayer::introspection_budget).
    fn introspect(&self, token: &str) -> Introspection;
}
