//! What a refresh came to, for whoever counts.

use super::{rotation::Verdict, words::words};

words! {
    /// The cases of the rotation, and those that do not come so far.
    RefreshOutcome {
        /// The current token was exchanged.
        Rotated = "rotated",
        /// Its parent within the grace got the same successor.
        Repeated = "repeated",
        /// Its parent after the grace got a new successor.
        LateRetry = "late_retry",
        /// A token ahead of the record: the store has lost writes.
        Ahead = "ahead",
        /// A spent token: the session ended.
        Reused = "reused",
        /// Presented by another client.
        ClientMismatch = "client_mismatch",
        /// Past the session's time.
        Expired = "expired",
        /// No token of ours.
        Invalid = "invalid",
        /// A token of ours whose session is not there any more.
        Ended = "ended",
        /// Not judged, or the judgement could not be written down: a store was away.
        Refused = "refused",
    }
}

impl From<Verdict> for RefreshOutcome {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Rotated(_) => Self::Rotated,
            Verdict::Replayed(_) => Self::Repeated,
            Verdict::LateRetry(_) => Self::LateRetry,
            Verdict::Recovered(_) => Self::Ahead,
            Verdict::Reused => Self::Reused,
        }
    }
}
