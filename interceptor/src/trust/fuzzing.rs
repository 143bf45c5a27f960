use std::sync::Arc;

use prost::Message;

use crate::{
    proto::WatchRevocationsResponse,
    revocations::{RevocationSet, SetLimits},
    trust::follower::{Follower, Taken},
};

const ROOM: usize = 64;

/// Applies whatever these bytes decode to, frame after frame of up to 255 bytes, each
/// after its length.
///
/// # Panics
///
/// If the set outgrows its limit, or knowledge is complete that never was.
pub fn frames(mut bytes: &[u8]) {
    let limits = SetLimits { max_entries: ROOM, ..SetLimits::default() };
    let set = RevocationSet::new(limits, Arc::new(|| 1_800_000_000));
    let mut follower = Follower::default();
    while let Some((length, rest)) = bytes.split_first() {
        let (frame, rest) = rest.split_at(usize::from(*length).min(rest.len()));
        bytes = rest;
        let Ok(frame) = WatchRevocationsResponse::decode(frame) else { continue };
        let known = follower.cursor().is_some();
        match follower.take(frame, &set) {
            Ok(Taken::Complete(_)) => assert!(known, "complete without a snapshot"),
            Ok(_) => {}
            Err(_) => follower.forget(),
        }
        assert!(set.len() <= ROOM, "{} entries", set.len());
    }
}
