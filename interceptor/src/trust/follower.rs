//! What a frame of the feed means, apart from the network.

use std::time::Duration;

use uuid::Uuid;

use crate::{
    proto::{
        Delta, GetKeysResponse, Heartbeat, Revocation, RevocationCursor, SnapshotChunk, WatchRevocationsResponse,
        revocation::Target, watch_revocations_response::Frame,
    },
    revocations::{Entry, RevocationSet},
    trust::event::Resync,
};

/// A place in the feed, as far as everything before it is known.
#[derive(Debug, Default)]
pub(crate) struct Follower {
    place: Option<RevocationCursor>,
    snapshot: Option<Snapshot>,
}

#[derive(Debug)]
struct Snapshot {
    cursor: RevocationCursor,
    received: u64,
}

/// What a frame was good for, besides the entries that are in the set now.
#[derive(Debug, PartialEq)]
pub(crate) enum Taken {
    /// There may be entries that were not known.
    Entries,
    /// A snapshot of another history is complete.
    NewEpoch,
    /// Everything is known that was there so long ago.
    Complete(Duration),
    Keys(GetKeysResponse),
    Nothing,
}

impl Follower {
    /// Where to go on, in a new stream.
    pub(crate) fn cursor(&self) -> Option<RevocationCursor> {
        self.place.clone()
    }

    /// A new stream: half a snapshot of the last one is worth nothing.
    pub(crate) fn begin(&mut self) {
        self.snapshot = None;
    }

    /// The next stream has to begin with a snapshot.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Adds to `set` whatever the frame holds, whether or not it is in its place: the
    /// set is a union, so too much only refuses what the issuer takes back anyway.
    pub(crate) fn take(&mut self, frame: WatchRevocationsResponse, set: &RevocationSet) -> Result<Taken, Resync> {
        match frame.frame {
            Some(Frame::Snapshot(chunk)) => self.snapshot(chunk, set),
            Some(Frame::Delta(delta)) => self.delta(&delta, set),
            Some(Frame::Heartbeat(heartbeat)) => self.heartbeat(heartbeat),
            Some(Frame::Keys(keys)) => Ok(Taken::Keys(keys)),
            // Of a kind that this version does not know. Had it told of anything that was
            // taken back, the number that follows would show a gap.
            None => Ok(Taken::Nothing),
        }
    }

    fn snapshot(&mut self, chunk: SnapshotChunk, set: &RevocationSet) -> Result<Taken, Resync> {
        insert(&chunk.revocations, set)?;
        let cursor = chunk.cursor.ok_or(Resync::Malformed)?;
        let mut snapshot = self.snapshot.take().unwrap_or(Snapshot { cursor: cursor.clone(), received: 0 });
        if snapshot.cursor != cursor {
            return Err(Resync::Malformed);
        }
        snapshot.received += chunk.revocations.len() as u64;
        match chunk.total {
            None => {
                self.snapshot = Some(snapshot);
                Ok(Taken::Entries)
            }
            Some(total) if total == snapshot.received => {
                let same = self.place.as_ref().is_none_or(|place| place.epoch == cursor.epoch);
                self.place = Some(cursor);
                Ok(if same { Taken::Entries } else { Taken::NewEpoch })
            }
            Some(_) => Err(Resync::ShortSnapshot),
        }
    }

    fn delta(&mut self, delta: &Delta, set: &RevocationSet) -> Result<Taken, Resync> {
        insert(&delta.revocations, set)?;
        let place = self.settled()?;
        if delta.after > place.sequence {
            return Err(Resync::Gap);
        }
        if delta.after < place.sequence || delta.sequence < delta.after {
            return Err(Resync::Backwards);
        }
        place.sequence = delta.sequence;
        Ok(Taken::Entries)
    }

    fn heartbeat(&mut self, heartbeat: Heartbeat) -> Result<Taken, Resync> {
        let place = self.settled()?;
        if heartbeat.sequence > place.sequence {
            return Err(Resync::Gap);
        }
        if heartbeat.sequence < place.sequence {
            return Err(Resync::Backwards);
        }
        // Without it nobody vouches that there is nothing more.
        let behind = heartbeat.behind.ok_or(Resync::Malformed)?;
        Duration::try_from(behind).map(Taken::Complete).map_err(|_| Resync::Malformed)
    }

    fn settled(&mut self) -> Result<&mut RevocationCursor, Resync> {
        match (&mut self.place, &self.snapshot) {
            (Some(place), None) => Ok(place),
            _ => Err(Resync::Malformed),
        }
    }
}

fn insert(revocations: &[Revocation], set: &RevocationSet) -> Result<(), Resync> {
    for revocation in revocations {
        set.insert(entry(revocation).ok_or(Resync::Malformed)?);
    }
    Ok(())
}

// A kind that this version does not know strikes tokens that it would let pass.
fn entry(revocation: &Revocation) -> Option<Entry> {
    let expires_at = revocation.expires_at;
    Some(match revocation.target.as_ref()? {
        Target::TokenId(id) => Entry::Token { jti: uuid(id)?, expires_at },
        Target::SessionId(id) => Entry::Session { sid: uuid(id)?, expires_at },
        Target::UserId(id) => Entry::User { sub: uuid(id)?, not_before: revocation.not_before, expires_at },
    })
}

fn uuid(bytes: &[u8]) -> Option<Uuid> {
    Uuid::from_slice(bytes).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::revocations::SetLimits;

    fn heartbeat(sequence: u64) -> Frame {
        Frame::Heartbeat(Heartbeat { sequence, behind: Some(prost_types::Duration::default()) })
    }

    #[test]
    fn a_frame_of_a_later_release_is_passed_over_and_a_number_that_it_took_is_missed() {
        let set = RevocationSet::new(SetLimits::default(), Arc::new(|| 0));
        let mut follower = Follower::default();
        let mut take = |frame| follower.take(WatchRevocationsResponse { frame }, &set);
        let cursor = Some(RevocationCursor { epoch: "one".to_owned(), sequence: 7 });
        let snapshot = SnapshotChunk { cursor, revocations: Vec::new(), total: Some(0) };
        assert_eq!(take(Some(Frame::Snapshot(snapshot))), Ok(Taken::Entries));
        assert_eq!(take(None), Ok(Taken::Nothing));
        assert_eq!(take(Some(heartbeat(7))), Ok(Taken::Complete(Duration::ZERO)));
        assert_eq!(take(None), Ok(Taken::Nothing));
        assert_eq!(take(Some(heartbeat(8))), Err(Resync::Gap));
    }
}
