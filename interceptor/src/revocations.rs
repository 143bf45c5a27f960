use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicI64, Ordering},
};

use uuid::Uuid;

use crate::{
    claims::Claims,
    clock::Clock,
    ledger::{Fingerprint, Ledger, Mark, Placed},
    verify::MAX_LEEWAY_SECONDS,
};

/// A token, a session or a person whose tokens are good no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Entry {
    /// One token.
    Token {
        /// The token's id.
        jti: Uuid,
        /// When the last token that this can strike has ended, in Unix seconds.
        expires_at: i64,
    },
    /// Every token of a session.
    Session {
        /// The session.
        sid: Uuid,
        /// When the last token that this can strike has ended, in Unix seconds.
        expires_at: i64,
    },
    /// Every token of an account that was issued until then.
    User {
        /// The account.
        sub: Uuid,
        /// Tokens whose `iat` is at or before this are struck, in Unix seconds.
        not_before: i64,
        /// When the last token that this can strike has ended, in Unix seconds.
        expires_at: i64,
    },
}

/// How much a [`RevocationSet`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetLimits {
    /// Entries, of all kinds together.
    pub max_entries: usize,
    /// How far from now an entry may end; one that ends later is cut to this.
    /// No less than the longest life of an access token.
    pub max_life_seconds: i64,
}

impl Default for SetLimits {
    /// A million entries, of a little more than an hour.
    fn default() -> Self {
        Self { max_entries: 1_000_000, max_life_seconds: 3_600 + 2 * i64::from(MAX_LEEWAY_SECONDS) }
    }
}

/// The revocations that are known here. Shared by reference: every method may be
/// called from many threads at once.
///
/// The set is a union: an entry given twice, late or out of order changes nothing,
/// and none leaves but by its end. An entry stands a little longer than it says, so
/// that no [leeway](crate::Verifier::leeway_seconds) outlives it.
///
/// Of an id only a keyed 64-bit hash is kept, under keys that this process made: two
/// ids meet once in 10¹³ look-ups among a million entries, and then a good token is
/// refused, never a bad one taken.
///
/// ```
/// use sekisho_interceptor::{Entry, RevocationSet, SetLimits, system_clock};
/// use uuid::Uuid;
///
/// let clock = system_clock();
/// let set = RevocationSet::new(SetLimits::default(), clock.clone());
/// set.insert(Entry::Session { sid: Uuid::from_u128(3), expires_at: clock() + 900 });
/// assert_eq!(set.len(), 1);
/// assert!(!set.overflowed());
/// ```
pub struct RevocationSet {
    limits: SetLimits,
    clock: Clock,
    epoch: i64,
    hash: RandomState,
    ids: Ledger<u32>,
    users: Ledger<NotBefore>,
    next_sweep: AtomicI64,
    overflow_ends: AtomicI64,
}

#[derive(Clone, Copy)]
struct NotBefore {
    not_before: i64,
    ends: u32,
}

impl Mark for NotBefore {
    fn ends(self) -> u32 {
        self.ends
    }

    fn merge(self, other: Self) -> Self {
        Self { not_before: self.not_before.max(other.not_before), ends: self.ends.max(other.ends) }
    }
}

#[derive(Clone, Copy, Hash)]
enum Kind {
    Token,
    Session,
    User,
}

/// What a token can be struck by, hashed once. See [`RevocationSet::keys`].
#[derive(Clone, Copy, Debug)]
pub struct RevocationKeys {
    token: Fingerprint,
    session: Option<Fingerprint>,
    user: Fingerprint,
    iat: i64,
}

impl RevocationSet {
    /// An empty set.
    #[must_use]
    pub fn new(limits: SetLimits, clock: Clock) -> Self {
        let life = limits.max_life_seconds.clamp(1, 366 * 86_400);
        let limits = SetLimits { max_life_seconds: life, ..limits };
        let span = u32::try_from(life).unwrap_or(u32::MAX / 2) + u32::from(MAX_LEEWAY_SECONDS);
        let epoch = clock();
        Self {
            limits,
            clock,
            epoch,
            hash: RandomState::new(),
            ids: Ledger::new(span),
            users: Ledger::new(span),
            next_sweep: AtomicI64::new(epoch),
            overflow_ends: AtomicI64::new(i64::MIN),
        }
    }

    /// Adds a revocation. One that ended is ignored; one that there is no room for
    /// is remembered by [`RevocationSet::overflowed`].
    pub fn insert(&self, entry: Entry) {
        let now = (self.clock)();
        self.expire(now);
        let (kind, id, expires_at) = match entry {
            Entry::Token { jti, expires_at } => (Kind::Token, jti, expires_at),
            Entry::Session { sid, expires_at } => (Kind::Session, sid, expires_at),
            Entry::User { sub, expires_at, .. } => (Kind::User, sub, expires_at),
        };
        let stands_until =
            expires_at.min(now.saturating_add(self.limits.max_life_seconds)).saturating_add(MAX_LEEWAY_SECONDS.into());
        if stands_until <= now {
            return;
        }
        let (id, ends) = (self.fingerprint(kind, id), self.since_epoch(stands_until));
        let placed = match entry {
            Entry::User { not_before, .. } => {
                self.users.put(id, NotBefore { not_before, ends }, |held| self.room(held, self.ids.len()))
            }
            _ => self.ids.put(id, ends, |held| self.room(held, self.users.len())),
        };
        if placed == Placed::Full {
            self.overflow_ends.fetch_max(stands_until, Ordering::AcqRel);
        }
    }

    /// Whether a token with these claims was taken back.
    #[must_use]
    pub fn strikes(&self, claims: &Claims) -> bool {
        !self.is_empty() && self.strikes_keys(&self.keys(claims))
    }

    /// What [`RevocationSet::strikes_keys`] of this set asks for.
    #[must_use]
    pub fn keys(&self, claims: &Claims) -> RevocationKeys {
        RevocationKeys {
            token: self.fingerprint(Kind::Token, claims.jti),
            session: claims.person.as_ref().map(|person| self.fingerprint(Kind::Session, person.sid)),
            user: self.fingerprint(Kind::User, claims.sub),
            iat: claims.iat,
        }
    }

    /// As [`RevocationSet::strikes`], for claims that were hashed before.
    #[must_use]
    pub fn strikes_keys(&self, keys: &RevocationKeys) -> bool {
        self.ids.get(keys.token).is_some()
            || keys.session.is_some_and(|session| self.ids.get(session).is_some())
            || self.users.get(keys.user).is_some_and(|mark| keys.iat <= mark.not_before)
    }

    /// Drops what ended before `now`, in Unix seconds; as much work as there is to
    /// drop, and none between two turns of the wheel. [`RevocationSet::insert`] does
    /// so by itself: call it where nothing is inserted for long.
    pub fn expire(&self, now: i64) {
        let due = self.next_sweep.load(Ordering::Acquire);
        let since = self.since_epoch(now);
        let next = self.epoch.saturating_add(self.ids.next_sweep(since).into());
        if now < due || self.next_sweep.compare_exchange(due, next, Ordering::AcqRel, Ordering::Relaxed).is_err() {
            return;
        }
        self.ids.expire(since);
        self.users.expire(since);
    }

    /// Whether a revocation that has not ended found no room: what is known is not
    /// all, and must count as stale.
    #[must_use]
    pub fn overflowed(&self) -> bool {
        self.overflow_ends.load(Ordering::Acquire) > (self.clock)()
    }

    /// How many entries are held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len() + self.users.len()
    }

    /// Whether none is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn room(&self, held: usize, others: usize) -> bool {
        held.saturating_add(others) <= self.limits.max_entries
    }

    fn fingerprint(&self, kind: Kind, id: Uuid) -> Fingerprint {
        self.hash.hash_one((kind as u8, id.as_u128())).into()
    }

    fn since_epoch(&self, seconds: i64) -> u32 {
        let since = seconds.saturating_sub(self.epoch);
        u32::try_from(since).unwrap_or(if since < 0 { 0 } else { u32::MAX })
    }
}

impl fmt::Debug for RevocationSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RevocationSet").field("limits", &self.limits).field("len", &self.len()).finish_non_exhaustive()
    }
}
