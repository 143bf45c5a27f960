//! What becomes of a refresh token that is presented: the whole table, as a
//! function. Every back end decides by it, or is tested against it.

use std::time::Duration;

use super::{Timestamp, session::Chain};

/// The verdict on a genuine token of the right client, and the chain after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The current token: exchanged.
    Rotated(Chain),
    /// The token before, within the grace: two tabs, a retried call or a lost
    /// reply get the same successor, and nothing changes.
    Replayed(Chain),
    /// The token before, later: its successor was never used, so it is given a
    /// new one and the unseen one is spent.
    LateRetry(Chain),
    /// Ours by its MAC but ahead of the record: the store lost its last writes.
    Recovered(Chain),
    /// A spent token: somebody has a copy. The session is condemned.
    Reused,
}

impl Chain {
    /// No refresh token has a greater number.
    pub const LAST: u64 = u32::MAX as u64;

    /// The chain of a condemned session: every token is spent. The session can do
    /// nothing any more, and its record stays until the journal has its end:
    /// whoever presents a token of it until then, has it written down.
    pub fn condemned(self) -> Self {
        Self { generation: Self::LAST, parent: Self::LAST - 1, ..self }
    }

    /// The chain of a session that made room for another. Its record stays in the
    /// same way; its tokens are not spent, but worth nothing.
    pub fn evicted(self) -> Self {
        Self { generation: Self::LAST, parent: Self::LAST, ..self }
    }

    /// Whether it made room for another.
    pub fn is_evicted(self) -> bool {
        self.parent >= Self::LAST
    }

    /// Whether no token is worth anything.
    pub fn is_condemned(self) -> bool {
        self.generation >= Self::LAST
    }

    /// Judges token number `presented`.
    pub fn judge(self, presented: u64, now: Timestamp, grace: Duration) -> Verdict {
        let advance = |generation: u64, parent| Self { generation, parent, rotated_at: now };
        if presented == self.generation {
            Verdict::Rotated(advance(presented + 1, presented))
        } else if presented > self.generation {
            Verdict::Recovered(advance(presented + 1, presented))
        } else if presented != self.parent {
            Verdict::Reused
        } else if now.since(self.rotated_at) <= grace {
            Verdict::Replayed(self)
        } else {
            Verdict::LateRetry(advance(self.generation + 1, presented))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(30);

    fn chain(generation: u64, parent: u64) -> Chain {
        Chain { generation, parent, rotated_at: Timestamp::from_seconds(100) }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn the_current_token_is_exchanged() {
        let after = Chain { generation: 6, parent: 5, rotated_at: at(200) };
        assert_eq!(chain(5, 4).judge(5, at(200), GRACE), Verdict::Rotated(after));
    }

    #[test]
    fn the_parent_within_the_grace_changes_nothing() {
        assert_eq!(chain(5, 4).judge(4, at(130), GRACE), Verdict::Replayed(chain(5, 4)));
    }

    #[test]
    fn the_parent_after_the_grace_spends_the_unseen_child() {
        let after = Chain { generation: 6, parent: 4, rotated_at: at(131) };
        assert_eq!(chain(5, 4).judge(4, at(131), GRACE), Verdict::LateRetry(after));
        assert_eq!(after.judge(5, at(131), GRACE), Verdict::Reused);
    }

    #[test]
    fn a_token_ahead_of_the_record_is_taken_as_current() {
        let after = Chain { generation: 9, parent: 8, rotated_at: at(200) };
        assert_eq!(chain(5, 4).judge(8, at(200), GRACE), Verdict::Recovered(after));
    }

    #[test]
    fn a_spent_token_ends_the_session() {
        for spent in 1..4 {
            assert_eq!(chain(5, 4).judge(spent, at(101), GRACE), Verdict::Reused);
        }
    }

    #[test]
    fn of_a_condemned_session_every_token_is_spent() {
        let condemned = chain(5, 4).condemned();
        assert!(condemned.is_condemned() && !chain(5, 4).is_condemned());
        for token in [1, 4, 5, 6, Chain::LAST - 2] {
            assert_eq!(condemned.judge(token, at(101), GRACE), Verdict::Reused);
        }
    }

    #[test]
    fn without_grace_the_same_instant_still_counts() {
        assert_eq!(chain(5, 4).judge(4, at(100), Duration::ZERO), Verdict::Replayed(chain(5, 4)));
    }
}
