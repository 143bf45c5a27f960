//! The tail of the journal that access tokens can still be struck by.

use std::collections::{HashMap, VecDeque};

use sekisho_interceptor::Claims;
use tokio::time::Instant;
use uuid::Uuid;

use super::STRIKES_FOR;
use crate::domain::{Revocation, Timestamp, TokenId, UserId, revocation::Target};

/// How often what has expired is looked for beyond the oldest line, in seconds.
const PRUNE_EVERY: i64 = 60;

/// A place in the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Of the history that `sequence` counts.
    pub epoch: String,
    /// Of the last line before it.
    pub sequence: i64,
}

/// A line of the journal as the feed has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The number in the journal.
    pub sequence: i64,
    /// Whose tokens.
    pub user_id: UserId,
    /// Which of them.
    pub target: Target,
    /// When it was made; of a whole person or service it may be said to be up to a second later.
    pub made_at: Timestamp,
    /// Issued at or before this second.
    pub not_before: i64,
    /// From this second on it strikes nothing more.
    pub expires_at: i64,
}

impl Entry {
    /// A line with its number. It strikes no token that is issued later than it
    /// says, and none lives longer than tokens do.
    pub fn of(sequence: i64, revocation: &Revocation) -> Self {
        let last = revocation.expires_at.min(revocation.not_before + STRIKES_FOR);
        Self {
            sequence,
            user_id: revocation.user_id,
            target: revocation.target,
            made_at: revocation.not_before,
            not_before: revocation.not_before.seconds(),
            expires_at: last.seconds().saturating_add(1),
        }
    }

    /// Whether it can strike a token at a time.
    pub fn matters(&self, now: Timestamp) -> bool {
        self.expires_at > now.seconds()
    }
}

/// See the module.
pub(super) struct Window {
    epoch: String,
    /// Of the last line that was read, whether or not it matters.
    sequence: i64,
    /// In order.
    entries: VecDeque<Entry>,
    /// Tokens, each until when.
    tokens: HashMap<Uuid, i64>,
    /// Sessions, each until when.
    sessions: HashMap<Uuid, i64>,
    /// People and services: up to when their tokens are struck, and until when.
    users: HashMap<Uuid, (i64, i64)>,
    pruned_at: i64,
    /// When the journal was last known to hold nothing more.
    pub(super) read_at: Option<Instant>,
}

impl Window {
    /// The entries are in order, and up to `sequence`.
    pub(super) fn new(epoch: String, sequence: i64, entries: Vec<Entry>) -> Self {
        let mut window = Self {
            epoch,
            sequence,
            entries: VecDeque::new(),
            tokens: HashMap::new(),
            sessions: HashMap::new(),
            users: HashMap::new(),
            pruned_at: 0,
            read_at: None,
        };
        for entry in entries {
            window.push(entry);
        }
        window
    }

    /// Adds the line after all others.
    pub(super) fn push(&mut self, entry: Entry) {
        self.sequence = self.sequence.max(entry.sequence);
        self.index(&entry);
        self.entries.push_back(entry);
    }

    fn index(&mut self, entry: &Entry) {
        match entry.target {
            Target::Token(id) => drop(self.tokens.insert(id.0, entry.expires_at)),
            Target::Session(id) => drop(self.sessions.insert(id.0, entry.expires_at)),
            Target::User => {
                let (not_before, until) = self.users.entry(entry.user_id.0).or_default();
                *not_before = (*not_before).max(entry.not_before);
                *until = (*until).max(entry.expires_at);
            }
        }
    }

    /// All lines up to a number were read, also those that are not in it.
    pub(super) fn reached(&mut self, sequence: i64) {
        self.sequence = self.sequence.max(sequence);
    }

    pub(super) fn strike(&mut self, id: TokenId, revocation: &Revocation) {
        self.tokens.insert(id.0, Entry::of(0, revocation).expires_at);
    }

    pub(super) fn strikes(&self, claims: &Claims) -> bool {
        let by_user = self.users.get(&claims.sub).is_some_and(|(not_before, _)| claims.iat <= *not_before);
        by_user || self.tokens.contains_key(&claims.jti)
    }

    pub(super) fn strikes_session(&self, claims: &Claims) -> bool {
        claims.person.as_ref().is_some_and(|person| self.sessions.contains_key(&person.sid))
    }

    pub(super) fn place(&self) -> Place {
        Place { epoch: self.epoch.clone(), sequence: self.sequence }
    }

    pub(super) fn is_of(&self, epoch: &str) -> bool {
        self.epoch == epoch
    }

    /// Whether all that comes after a place, and matters, is still known as such.
    pub(super) fn resumes(&self, place: &Place) -> bool {
        let oldest = self.entries.front().map_or(self.sequence, |entry| entry.sequence - 1);
        self.is_of(&place.epoch) && (oldest.min(self.sequence)..=self.sequence).contains(&place.sequence)
    }

    /// At most `limit` lines after one number and up to another that matter now,
    /// and the number up to which these are all.
    pub(super) fn between(&self, after: i64, up_to: i64, limit: usize, now: Timestamp) -> (Vec<Entry>, i64) {
        let start = self.entries.partition_point(|entry| entry.sequence <= after);
        let end = self.entries.partition_point(|entry| entry.sequence <= up_to);
        let entries: Vec<Entry> =
            self.entries.range(start..end.max(start)).filter(|entry| entry.matters(now)).take(limit).copied().collect();
        let is_all = entries.len() < limit;
        let reached = entries.last().filter(|_| !is_all).map_or(up_to, |entry| entry.sequence);
        (entries, reached)
    }

    /// Lets go of what matters no more.
    pub(super) fn prune(&mut self, now: Timestamp) {
        while self.entries.front().is_some_and(|entry| !entry.matters(now)) {
            self.entries.pop_front();
        }
        let now = now.seconds();
        if !(self.pruned_at..self.pruned_at.saturating_add(PRUNE_EVERY)).contains(&now) {
            self.pruned_at = now;
            self.tokens.retain(|_, until| *until > now);
            self.sessions.retain(|_, until| *until > now);
            self.users.retain(|_, (_, until)| *until > now);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{SessionId, revocation::RevocationReason};

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn session(sequence: i64, seconds: i64) -> Entry {
        let not_before = Timestamp::from_seconds(1_000_000 + seconds);
        let revocation = Revocation {
            user_id: UserId(Uuid::from_u128(1)),
            target: Target::Session(SessionId(Uuid::from_u128(sequence.unsigned_abs().into()))),
            not_before,
            reason: RevocationReason::Logout,
            expires_at: not_before + STRIKES_FOR * 100,
        };
        Entry::of(sequence, &revocation)
    }

    fn window(entries: Vec<Entry>, sequence: i64) -> Window {
        Window::new("epoch".to_owned(), sequence, entries)
    }

    fn place(sequence: i64) -> Place {
        Place { epoch: "epoch".to_owned(), sequence }
    }

    #[test]
    fn a_line_lives_no_longer_than_the_tokens_that_it_strikes() {
        let entry = session(1, 0);
        assert!(entry.matters(NOW + STRIKES_FOR));
        assert!(!entry.matters(NOW + STRIKES_FOR * 2));
    }

    #[test]
    fn what_was_missed_is_what_comes_after_a_place() {
        let window = window(vec![session(3, 0), session(5, 0), session(9, 0)], 9);
        assert_eq!(window.between(3, 9, 10, NOW), (vec![session(5, 0), session(9, 0)], 9));
        assert_eq!(window.between(0, 9, 2, NOW), (vec![session(3, 0), session(5, 0)], 5));
        assert_eq!(window.between(9, 9, 10, NOW), (vec![], 9));
        assert_eq!(window.between(3, 5, 10, NOW), (vec![session(5, 0)], 5));
    }

    #[test]
    fn a_place_before_the_window_beyond_it_or_in_another_epoch_is_not_resumed() {
        let window = window(vec![session(5, 0), session(9, 0)], 9);
        let resumed: Vec<i64> = (0..12).filter(|sequence| window.resumes(&place(*sequence))).collect();
        assert_eq!(resumed, [4, 5, 6, 7, 8, 9]);
        assert!(!window.resumes(&Place { epoch: "other".to_owned(), sequence: 5 }));
    }

    #[test]
    fn what_has_expired_goes_and_its_number_stays() {
        let mut window = window(vec![session(5, -4_000), session(9, -4_000)], 9);
        window.prune(NOW);
        assert_eq!((window.len(), window.place()), (0, place(9)));
        assert!(window.resumes(&place(9)) && !window.resumes(&place(8)));
    }
}
