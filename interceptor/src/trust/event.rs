use std::time::Duration;

use tonic::Code;

/// Why the feed has to begin with a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Resync {
    /// Revocations were missed.
    Gap,
    /// The feed went back to where it was already.
    Backwards,
    /// A snapshot had another number of revocations than it said.
    ShortSnapshot,
    /// A frame that cannot be meant, or takes back what this version does not know.
    Malformed,
    /// The clock of this machine was set back, so too much may have been dropped.
    Clock,
    /// The issuer has another history: its journal was lost or restored.
    Epoch,
}

impl Resync {
    /// The reason in snake case, for a log field or a metric label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Backwards => "backwards",
            Self::ShortSnapshot => "short_snapshot",
            Self::Malformed => "malformed",
            Self::Clock => "clock",
            Self::Epoch => "epoch",
        }
    }
}

/// Why a stream of the feed ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// The issuer ended it without a word.
    Closed,
    /// The issuer refused or ended it, or cannot be reached.
    Status(Code),
    /// Nothing was heard for too long.
    Silent,
    /// What came was of no use.
    Resync(Resync),
    /// A new service token is used from here on.
    Renewed,
}

/// What became of the trust in an issuer, for whoever counts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustEvent {
    /// The feed was opened.
    Connected,
    /// The feed ended, and is opened again after a while.
    Disconnected(Ended),
    /// The feed has to begin with a snapshot, or did so of another history.
    Resync(Resync),
    /// Everything is known that was there so long ago.
    Complete {
        /// How long ago.
        behind: Duration,
        /// How many revocations are held.
        entries: usize,
    },
    /// The keys of the issuer are others now.
    Keys {
        /// How many.
        count: usize,
    },
    /// A set of keys was not accepted; those of before go on.
    KeysRefused,
    /// Keys could not be had.
    KeysUnavailable,
    /// The keys were too old to be trusted, and there are none now.
    KeysExpired,
}

/// Counts what becomes of the trust in an issuer.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use sekisho_interceptor::{TrustEvent, TrustMeter};
///
/// #[derive(Default)]
/// struct Resyncs(AtomicU64);
///
/// impl TrustMeter for Resyncs {
///     fn note(&self, event: &TrustEvent) {
///         if matches!(event, TrustEvent::Resync(_)) {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait TrustMeter: Send + Sync {
    /// This happened.
    fn note(&self, event: &TrustEvent);
}

/// How far an issuer can be trusted at this moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// There are keys, and the knowledge of revocations is current.
    Ready,
    /// There are keys; the knowledge of revocations is so old. Since the start, if
    /// nothing was ever heard.
    Stale(Duration),
    /// No token can be verified.
    NoKeys,
}
