//! One-time codes that wait to be presented.

use async_trait::async_trait;

use super::Result;
use crate::domain::{ClientId, Purpose, Timestamp};

/// What a pending code is found by. The address is a keyed hash: the store
/// learns of no mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeKey {
    /// What the code is for.
    pub purpose: Purpose,
    /// Keyed hash of the address.
    pub mailbox: [u8; 32],
    /// The only client that may present it.
    pub client_id: ClientId,
}

/// A code that waits.
#[derive(Clone, PartialEq, Eq)]
pub struct PendingCode {
    /// Keyed hash of the code.
    pub digest: [u8; 32],
    /// What the flow wants back when the code is right.
    pub payload: Vec<u8>,
    /// When the code is void.
    pub expires_at: Timestamp,
}

/// What became of a wish for another code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// The earlier code is void; its payload.
    Replaced(Vec<u8>),
    /// None is pending.
    Missing,
    /// One is pending for another client.
    OtherClient,
}

/// What became of a guess.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guess {
    /// Right; the code is consumed, and this is its payload.
    Right(Vec<u8>),
    /// Wrong, and so many guesses are left; at none the code is void.
    Wrong(u32),
    /// None is pending.
    Missing,
    /// One is pending for another client.
    OtherClient,
}

/// The table of pending codes.
#[async_trait]
pub trait Codes: Send + Sync {
    /// Whether it is worth to hash what a code is to carry; see
    /// [`Sessions::ready`](super::Sessions::ready).
    async fn ready(&self) -> Result<()> {
        Ok(())
    }

    /// Sets the code of a key. Guesses that a live code of the same key has cost
    /// stay counted.
    async fn put(&self, key: &CodeKey, code: &PendingCode, now: Timestamp) -> Result<()>;

    /// Sets another digest and end, and nothing else.
    async fn replace(
        &self,
        key: &CodeKey,
        digest: [u8; 32],
        expires_at: Timestamp,
        now: Timestamp,
    ) -> Result<Replacement>;

    /// Counts a guess, and only then compares it. Of many right guesses at once
    /// one is right.
    async fn guess(&self, key: &CodeKey, digest: [u8; 32], max_attempts: u32, now: Timestamp) -> Result<Guess>;

    /// Removes at most `limit` codes that have expired; how many.
    /// There is nothing to do where records leave by themselves.
    async fn sweep(&self, _now: Timestamp, _limit: u32) -> Result<u64> {
        Ok(0)
    }
}
