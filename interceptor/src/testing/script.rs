//! What a [`FakeFeed`](crate::testing::FakeFeed) knows and how it misbehaves.

use std::{sync::Arc, time::Duration};

use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;
use tonic::Status;

use crate::{
    proto::{
        Delta, GetKeysResponse, Heartbeat, JsonWebKey, Revocation, RevocationCursor, SnapshotChunk,
        WatchRevocationsResponse, revocation::Target, watch_revocations_response::Frame,
    },
    revocations::Entry,
    testing::issuer::TestIssuer,
};

pub(crate) type Answer = Result<WatchRevocationsResponse, Status>;

const CHUNK: usize = 1_000;

/// What a [`FakeFeed`](crate::testing::FakeFeed) was asked for, from its beginning.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use std::{sync::Arc, time::Duration};
///
/// use sekisho_interceptor::{Trust, system_clock, testing::{FakeFeed, TestIssuer}};
///
/// let feed = FakeFeed::start(Arc::new(TestIssuer::new("http://localhost", system_clock())?)).await?;
/// let heard = feed.heard();
/// let trust = Trust::at(feed.address()).client(FakeFeed::CLIENT_ID, FakeFeed::SECRET).start()?;
/// trust.ready(Duration::from_secs(10)).await?;
/// assert_eq!((heard.borrow().tokens, heard.borrow().snapshots), (1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Streams that began with a snapshot.
    pub snapshots: usize,
    /// Streams that went on from a cursor.
    pub resumed: usize,
    /// Service tokens.
    pub tokens: usize,
    /// Keys, outside of the feed.
    pub keys: usize,
    /// Introspections.
    pub introspections: usize,
}

pub(crate) struct Script {
    pub(crate) issuer: Arc<TestIssuer>,
    pub(crate) epoch: u64,
    pub(crate) sequence: u64,
    pub(crate) journal: Vec<(u64, Entry)>,
    pub(crate) subscribers: Vec<UnboundedSender<Answer>>,
    pub(crate) paused: bool,
    pub(crate) permitted: bool,
    pub(crate) short: bool,
    pub(crate) stuck: bool,
    pub(crate) behind: Duration,
    pub(crate) token_seconds: u32,
    /// Instead of the issuer's.
    pub(crate) jwks: Option<Value>,
    pub(crate) heard: Heard,
}

impl Script {
    pub(crate) fn new(issuer: Arc<TestIssuer>) -> Self {
        Self {
            issuer,
            epoch: 1,
            sequence: 0,
            journal: Vec::new(),
            subscribers: Vec::new(),
            paused: false,
            permitted: true,
            short: false,
            stuck: false,
            behind: Duration::ZERO,
            token_seconds: 900,
            jwks: None,
            heard: Heard::default(),
        }
    }

    /// Adds to the journal; the delta that tells of it.
    pub(crate) fn append(&mut self, entries: &[Entry]) -> Frame {
        let after = self.sequence;
        for entry in entries {
            self.sequence += 1;
            self.journal.push((self.sequence, *entry));
        }
        let revocations = entries.iter().map(revocation).collect();
        Frame::Delta(Delta { after, sequence: self.sequence, revocations })
    }

    pub(crate) fn send(&mut self, frame: &Frame) {
        let answer = WatchRevocationsResponse { frame: Some(frame.clone()) };
        self.subscribers.retain(|subscriber| subscriber.send(Ok(answer.clone())).is_ok());
    }

    pub(crate) fn heartbeat(&self) -> Frame {
        let behind = prost_types::Duration::try_from(self.behind).ok();
        Frame::Heartbeat(Heartbeat { sequence: self.sequence, behind })
    }

    pub(crate) fn keys(&self) -> GetKeysResponse {
        let jwks = self.jwks.clone().unwrap_or_else(|| self.issuer.jwks());
        let keys = jwks.get("keys").and_then(Value::as_array).cloned().unwrap_or_default();
        GetKeysResponse { keys: keys.iter().map(key).collect() }
    }

    /// What a stream begins with, up to and with a heartbeat.
    pub(crate) fn opening(&mut self, cursor: Option<&RevocationCursor>) -> Vec<Frame> {
        let mut frames = vec![Frame::Keys(self.keys())];
        match cursor.filter(|cursor| cursor.epoch == self.epoch_name() && cursor.sequence <= self.sequence) {
            Some(cursor) => {
                self.heard.resumed += 1;
                let missed = self.journal.iter().filter(|(sequence, _)| *sequence > cursor.sequence);
                let revocations: Vec<_> = missed.map(|(_, entry)| revocation(entry)).collect();
                if self.sequence > cursor.sequence {
                    frames.push(Frame::Delta(Delta { after: cursor.sequence, sequence: self.sequence, revocations }));
                }
            }
            None => {
                self.heard.snapshots += 1;
                frames.extend(self.snapshot());
            }
        }
        frames.push(self.heartbeat());
        frames
    }

    fn snapshot(&self) -> Vec<Frame> {
        let cursor = RevocationCursor { epoch: self.epoch_name(), sequence: self.sequence };
        let mut chunks: Vec<_> = self
            .journal
            .chunks(CHUNK)
            .map(|chunk| SnapshotChunk {
                cursor: Some(cursor.clone()),
                revocations: chunk.iter().map(|(_, entry)| revocation(entry)).collect(),
                total: None,
            })
            .collect();
        if chunks.is_empty() {
            chunks.push(SnapshotChunk { cursor: Some(cursor), ..SnapshotChunk::default() });
        }
        let total = self.journal.len() as u64 + u64::from(self.short);
        if let Some(last) = chunks.last_mut() {
            last.total = Some(total);
        }
        chunks.into_iter().map(Frame::Snapshot).collect()
    }

    fn epoch_name(&self) -> String {
        format!("epoch-{}", self.epoch)
    }
}

fn revocation(entry: &Entry) -> Revocation {
    let (target, not_before, expires_at) = match *entry {
        Entry::Token { jti, expires_at } => (Target::TokenId(jti.as_bytes().to_vec()), 0, expires_at),
        Entry::Session { sid, expires_at } => (Target::SessionId(sid.as_bytes().to_vec()), 0, expires_at),
        Entry::User { sub, not_before, expires_at } => {
            (Target::UserId(sub.as_bytes().to_vec()), not_before, expires_at)
        }
    };
    Revocation { target: Some(target), not_before, expires_at }
}

fn key(jwk: &Value) -> JsonWebKey {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str).map(str::to_owned);
    JsonWebKey {
        kty: text("kty").unwrap_or_default(),
        r#use: text("use").unwrap_or_default(),
        kid: text("kid").unwrap_or_default(),
        alg: text("alg").unwrap_or_default(),
        crv: text("crv"),
        x: text("x"),
        y: text("y"),
        n: text("n"),
        e: text("e"),
    }
}
