use crate::refusal::Refusal;

/// What a layer did, for whoever counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A request was let in.
    Admitted,
    /// A request was refused.
    Refused(Refusal),
    /// A token had been verified before.
    CacheHit,
    /// A token had to be verified.
    CacheMiss,
    /// A request was let in though the knowledge of revocations was too old.
    StaleServed,
    /// A request lost headers by which a caller could have posed as somebody.
    HeadersStripped {
        /// How many.
        count: usize,
    },
    /// An answer that was being streamed was ended.
    StreamCut(Refusal),
}

/// Counts what a layer does. Called on the way of each request: it must not block.
///
/// ```
/// use std::sync::atomic::{AtomicU64, Ordering};
/// use sekisho_interceptor::{Event, Meter};
///
/// #[derive(Default)]
/// struct Refusals(AtomicU64);
///
/// impl Meter for Refusals {
///     fn note(&self, event: Event) {
///         if matches!(event, Event::Refused(_)) {
///             self.0.fetch_add(1, Ordering::Relaxed);
///         }
///     }
/// }
/// ```
pub trait Meter: Send + Sync {
    /// This happened.
    fn note(&self, event: Event);
}
