//! One who follows the feed, as the proto tells him to.

use std::{collections::BTreeSet, time::Duration};

use sekisho::{
    crypto::service_secret::ServiceSecret,
    domain::{
        Event, EventKind, Origin, ServiceAccount, UserId,
        service::{Scopes, ServiceId, ServiceName},
    },
    entropy::SystemEntropy,
    proto::sekisho::v1::{self as pb, RevocationCursor, revocation::Target, watch_revocations_response::Frame},
};
use tokio::time::timeout;
use tonic::{Code, Status, Streaming};
use tonic_types::StatusExt;
use uuid::Uuid;

use super::{TestApp, app::with_bearer};

/// A busy machine is no fault.
const WITHIN: Duration = Duration::from_secs(120);
/// Of the service that `sekisho dev` knows.
pub const DEV_SECRET: &str = "sekisho-development-only";

impl TestApp {
    /// Makes an account for a service; its secret.
    pub async fn service(&self, name: &str, scopes: &str) -> String {
        let secret = ServiceSecret::random(&SystemEntropy);
        let now = self.app.ctx.now();
        let account = ServiceAccount {
            id: ServiceId::random(&SystemEntropy),
            name: ServiceName::parse(name).unwrap(),
            scopes: Scopes::parse(scopes).unwrap(),
            secret: secret.store(&self.app.ctx.secrets).unwrap(),
            disabled: false,
            created_at: now,
        };
        let event = Event::new(now, EventKind::ServiceCreated, &Origin::default()).user(UserId(account.id.0));
        assert!(self.app.ctx.stores.service_accounts.create(&account, &event).await.unwrap());
        secret.expose().to_owned()
    }

    /// Asks for a token of a service.
    pub async fn ask_service_token(
        &self,
        client_id: &str,
        client_secret: &str,
        scope: Option<&str>,
    ) -> Result<pb::IssueServiceTokenResponse, Status> {
        let request = pb::IssueServiceTokenRequest {
            client_id: client_id.to_owned(),
            client_secret: client_secret.to_owned(),
            scope: scope.map(str::to_owned),
        };
        self.tokens().await.issue_service_token(request).await.map(tonic::Response::into_inner)
    }

    /// The access token of the service of development.
    pub async fn service_token(&self) -> String {
        self.ask_service_token("dev", DEV_SECRET, None).await.unwrap().access_token
    }

    /// Takes an access token back.
    pub async fn revoke_token(&self, token: &str) -> Result<String, Status> {
        let request = pb::RevokeTokenRequest { token: token.to_owned() };
        self.tokens().await.revoke_token(request).await.map(|answer| answer.into_inner().message)
    }

    /// Asks about an access token.
    pub async fn introspect(&self, token: &str) -> pb::IntrospectResponse {
        self.try_introspect(token).await.unwrap()
    }

    /// The same, which may be refused.
    pub async fn try_introspect(&self, token: &str) -> Result<pb::IntrospectResponse, Status> {
        let request = with_bearer(pb::IntrospectRequest { token: token.to_owned() }, &self.service_token().await);
        self.tokens().await.introspect(request).await.map(tonic::Response::into_inner)
    }

    /// Asks to follow the feed.
    pub async fn try_watch(
        &self,
        access: &str,
        cursor: Option<RevocationCursor>,
    ) -> Result<Streaming<pb::WatchRevocationsResponse>, Status> {
        let request = pb::WatchRevocationsRequest { cursor, subscriber: "test".to_owned() };
        self.tokens().await.watch_revocations(with_bearer(request, access)).await.map(tonic::Response::into_inner)
    }

    /// Follows the feed, up to the first heartbeat.
    pub async fn watch(&self, cursor: Option<RevocationCursor>) -> Watcher {
        let access = self.service_token().await;
        let stream = self.try_watch(&access, cursor.clone()).await.unwrap();
        let mut watcher = Watcher { stream, cursor, snapshots: 0, keys: Vec::new(), seen: Vec::new() };
        watcher.heartbeat().await;
        watcher
    }
}

/// See the module.
pub struct Watcher {
    stream: Streaming<pb::WatchRevocationsResponse>,
    /// Where he is.
    pub cursor: Option<RevocationCursor>,
    /// How often he began anew.
    pub snapshots: usize,
    /// Each set of keys, by their ids.
    pub keys: Vec<Vec<String>>,
    /// All that he was told, in order.
    pub seen: Vec<pb::Revocation>,
}

impl Watcher {
    /// Takes frames until a heartbeat, which it returns.
    pub async fn heartbeat(&mut self) -> pb::Heartbeat {
        loop {
            if let Some(heartbeat) = self.frame().await.unwrap() {
                return heartbeat;
            }
        }
    }

    /// Takes frames until so many revocations were seen in all.
    pub async fn sees(&mut self, number: usize) {
        while self.seen.len() < number {
            self.frame().await.unwrap();
        }
        assert_eq!(self.seen.len(), number, "{:?}", self.seen);
    }

    /// Takes frames until the stream ends; how.
    pub async fn end(&mut self) -> (Code, String) {
        loop {
            if let Err(status) = self.frame().await {
                return (status.code(), reason(&status));
            }
        }
    }

    /// What was seen, each as text.
    pub fn targets(&self) -> Vec<String> {
        self.seen.iter().map(target).collect()
    }

    /// Where he is.
    pub fn sequence(&self) -> u64 {
        self.cursor.as_ref().unwrap().sequence
    }

    async fn frame(&mut self) -> Result<Option<pb::Heartbeat>, Status> {
        let frame = timeout(WITHIN, self.stream.message()).await.expect("a frame")?;
        match frame.expect("an end with a status").frame.expect("a kind of frame") {
            Frame::Snapshot(first) => self.snapshot(first).await?,
            Frame::Delta(delta) => {
                let cursor = self.cursor.as_mut().expect("a place before a delta");
                assert_eq!(delta.after, cursor.sequence, "nothing was left out");
                assert!(delta.sequence > delta.after);
                cursor.sequence = delta.sequence;
                self.seen.extend(delta.revocations);
            }
            Frame::Heartbeat(heartbeat) => {
                assert_eq!(heartbeat.sequence, self.sequence());
                return Ok(Some(heartbeat));
            }
            Frame::Keys(keys) => self.keys.push(keys.keys.into_iter().map(|key| key.kid).collect()),
        }
        Ok(None)
    }

    /// All chunks, one after the other.
    async fn snapshot(&mut self, first: pb::SnapshotChunk) -> Result<(), Status> {
        let (mut chunk, before) = (first, self.seen.len());
        loop {
            self.cursor = chunk.cursor;
            self.seen.extend(chunk.revocations);
            if let Some(total) = chunk.total {
                assert_eq!(total, (self.seen.len() - before) as u64);
                self.snapshots += 1;
                return Ok(());
            }
            let next = timeout(WITHIN, self.stream.message()).await.expect("a frame")?;
            let Some(Frame::Snapshot(next)) = next.unwrap().frame else { panic!("a frame within a snapshot") };
            assert_eq!(self.cursor, next.cursor);
            chunk = next;
        }
    }
}

/// A revocation as text.
pub fn target(revocation: &pb::Revocation) -> String {
    let uuid = |bytes: &[u8]| Uuid::from_slice(bytes).unwrap();
    match revocation.target.as_ref().unwrap() {
        Target::TokenId(id) => format!("token {}", uuid(id)),
        Target::SessionId(id) => format!("session {}", uuid(id)),
        Target::UserId(id) => format!("user {} until {}", uuid(id), revocation.not_before),
    }
}

/// Each once, in any order.
pub fn set(texts: impl IntoIterator<Item = String>) -> BTreeSet<String> {
    texts.into_iter().collect()
}

/// The reason of a refusal.
pub fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}
