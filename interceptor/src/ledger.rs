//! Marks that expire, by fingerprint: sharded, and swept without a scan.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{BuildHasherDefault, Hasher},
    mem,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// A keyed hash, so that nobody can make two ids meet. In halves, which take
/// four bytes less in a table than one `u64` beside a `u32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(u32, u32);

impl From<u64> for Fingerprint {
    fn from(hash: u64) -> Self {
        Self((hash >> 32) as u32, hash as u32)
    }
}

impl std::hash::Hash for Fingerprint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64((u64::from(self.0) << 32) | u64::from(self.1));
    }
}

/// Hashes what is a hash already.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// What a ledger holds of an id. Times are seconds of the ledger's own epoch.
pub(crate) trait Mark: Copy {
    fn ends(self) -> u32;
    /// The union of two marks on the same id.
    fn merge(self, other: Self) -> Self;
}

/// A mark that says nothing but how long it stands.
impl Mark for u32 {
    fn ends(self) -> u32 {
        self
    }

    fn merge(self, other: Self) -> Self {
        self.max(other)
    }
}

/// Whether a mark found its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placed {
    New,
    Merged,
    Full,
}

const SHARDS: usize = 64;
const BUCKETS: u32 = 64;

pub(crate) struct Ledger<M> {
    shards: Box<[RwLock<Shard<M>>]>,
    held: AtomicUsize,
    /// Seconds that one bucket of the wheel stands for.
    width: u32,
}

struct Shard<M> {
    marks: HashMap<Fingerprint, M, BuildHasherDefault<AsIs>>,
    wheel: Box<[Vec<Fingerprint>]>,
    /// The last tick whose bucket was emptied.
    swept: u32,
}

impl<M: Mark> Ledger<M> {
    /// For marks that end at most `span` seconds from their insertion.
    pub(crate) fn new(span: u32) -> Self {
        let shards = (0..SHARDS).map(|_| RwLock::new(Shard::new())).collect();
        Self { shards, held: AtomicUsize::new(0), width: span / (BUCKETS - 2) + 1 }
    }

    pub(crate) fn len(&self) -> usize {
        self.held.load(Ordering::Acquire)
    }

    pub(crate) fn get(&self, id: Fingerprint) -> Option<M> {
        // Most processes know of no revocation most of the time.
        if self.len() == 0 {
            return None;
        }
        self.shard(id).read().unwrap_or_else(PoisonError::into_inner).marks.get(&id).copied()
    }

    /// Adds a mark, unless there is no room for one more id: `room` is asked
    /// with the number that there would be.
    pub(crate) fn put(&self, id: Fingerprint, mark: M, room: impl Fn(usize) -> bool) -> Placed {
        let mut shard = self.shard(id).write().unwrap_or_else(PoisonError::into_inner);
        let shard = &mut *shard;
        match shard.marks.entry(id) {
            Entry::Occupied(mut held) => {
                let merged = held.get().merge(mark);
                held.insert(merged);
                Placed::Merged
            }
            Entry::Vacant(place) => {
                if !room(self.held.fetch_add(1, Ordering::AcqRel) + 1) {
                    self.held.fetch_sub(1, Ordering::AcqRel);
                    return Placed::Full;
                }
                place.insert(mark);
                shard.schedule(id, mark.ends() / self.width);
                Placed::New
            }
        }
    }

    /// Drops marks that ended before `now`, at the latest one bucket after.
    pub(crate) fn expire(&self, now: u32) {
        for shard in &self.shards {
            let dropped = shard.write().unwrap_or_else(PoisonError::into_inner).sweep(now, self.width);
            self.held.fetch_sub(dropped, Ordering::AcqRel);
        }
    }

    /// The first second of the bucket after the one that `now` is in.
    pub(crate) fn next_sweep(&self, now: u32) -> u32 {
        (now / self.width).saturating_add(1).saturating_mul(self.width)
    }

    // Bits that the table, which takes the highest and the lowest, leaves alone.
    fn shard(&self, id: Fingerprint) -> &RwLock<Shard<M>> {
        &self.shards[(id.0 >> 8) as usize % SHARDS]
    }
}

impl<M: Mark> Shard<M> {
    fn new() -> Self {
        Self { marks: HashMap::default(), wheel: (0..BUCKETS).map(|_| Vec::new()).collect(), swept: 0 }
    }

    fn schedule(&mut self, id: Fingerprint, tick: u32) {
        // A clock that was set back, or a mark that was prolonged, stays on the wheel.
        let tick = tick.clamp(self.swept.saturating_add(1), self.swept.saturating_add(BUCKETS - 1));
        self.wheel[(tick % BUCKETS) as usize].push(id);
    }

    fn sweep(&mut self, now: u32, width: u32) -> usize {
        let last = (now / width).saturating_sub(1);
        let turns = last.saturating_sub(self.swept).min(BUCKETS);
        let mut dropped = 0;
        for tick in last - turns + 1..=last {
            self.swept = tick;
            for id in mem::take(&mut self.wheel[(tick % BUCKETS) as usize]) {
                match self.marks.get(&id).map(|mark| mark.ends() / width) {
                    Some(ends) if ends > last => self.schedule(id, ends),
                    _ => dropped += usize::from(self.marks.remove(&id).is_some()),
                }
            }
        }
        dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u64) -> Fingerprint {
        Fingerprint::from(n.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn kept(ledger: &Ledger<u32>, ids: std::ops::Range<u64>) -> usize {
        ids.filter(|n| n % 40 == 0).filter(|n| ledger.get(id(*n)).is_some()).count()
    }

    #[test]
    fn an_entry_takes_twelve_bytes() {
        assert_eq!(size_of::<(Fingerprint, u32)>(), 12);
    }

    #[test]
    fn marks_leave_when_they_ended_and_not_before() {
        let ledger = Ledger::new(3_600);
        for n in (0..3_600).step_by(40) {
            ledger.put(id(n), n as u32, |_| true);
        }
        for now in 0..4_000 {
            ledger.expire(now);
            let ended = u64::from(now.min(3_600));
            assert_eq!(kept(&ledger, ended..3_600), (3_600 - ended) as usize / 40, "at {now}");
            let late = u64::from(now.saturating_sub(2 * ledger.width));
            assert_eq!(kept(&ledger, 0..late.min(3_600)), 0, "at {now}");
        }
        assert_eq!(ledger.len(), 0);
    }

    #[test]
    fn a_mark_that_was_prolonged_stays() {
        let ledger = Ledger::new(3_600);
        assert_eq!(ledger.put(id(1), 100, |_| true), Placed::New);
        assert_eq!(ledger.put(id(1), 3_000, |_| true), Placed::Merged);
        assert_eq!(ledger.put(id(1), 50, |_| true), Placed::Merged);
        ledger.expire(2_999);
        assert_eq!(ledger.get(id(1)), Some(3_000));
        ledger.expire(3_000 + 2 * ledger.width);
        assert_eq!((ledger.get(id(1)), ledger.len()), (None, 0));
    }

    #[test]
    fn a_clock_that_leaps_sweeps_all_once() {
        let ledger = Ledger::new(3_600);
        for n in 0..1_000 {
            ledger.put(id(n), 3_000, |_| true);
        }
        ledger.expire(u32::MAX);
        assert_eq!(ledger.len(), 0);
        ledger.put(id(1), 10, |_| true);
        ledger.expire(20);
        assert_eq!(ledger.get(id(1)), Some(10), "a clock that was set back drops nothing");
    }

    #[test]
    fn a_full_ledger_takes_no_more_and_loses_none() {
        let ledger = Ledger::new(3_600);
        let room = |held| held <= 100;
        let placed: Vec<Placed> = (0..200).map(|n| ledger.put(id(n), 1_000, room)).collect();
        assert_eq!(placed.iter().filter(|placed| **placed == Placed::Full).count(), 100);
        assert_eq!(ledger.put(id(0), 2_000, room), Placed::Merged);
        assert_eq!((ledger.len(), kept(&ledger, 0..100)), (100, 3));
    }
}
