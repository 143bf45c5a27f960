//! A feed, and a trust that follows it.
#![expect(clippy::unwrap_used, reason = "a failure to set a test up is a failed test")]

use std::{sync::Arc, time::Duration};

use sekisho_interceptor::{
    Claims, Ended, Entry, RevocationSource, Trust, TrustBuilder, TrustEvent, TrustMeter,
    testing::{FakeFeed, Heard, ManualClock, TestIssuer},
};
use tokio::{sync::watch, time::timeout};
use uuid::Uuid;

pub(crate) const NOW: i64 = 1_800_000_000;
/// Far longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What became of a trust, and a way to wait for it.
pub(crate) struct Seen(watch::Sender<Vec<TrustEvent>>);

impl TrustMeter for Seen {
    fn note(&self, event: &TrustEvent) {
        // Heartbeats say the same each time.
        self.0.send_modify(|seen| {
            if seen.last() != Some(event) {
                seen.push(event.clone());
            }
        });
    }
}

impl Seen {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(watch::Sender::new(Vec::new())))
    }

    pub(crate) fn has(&self, event: &TrustEvent) -> bool {
        self.0.borrow().contains(event)
    }

    pub(crate) fn forget(&self) {
        self.0.send_modify(Vec::clear);
    }

    pub(crate) async fn until(&self, event: TrustEvent) {
        self.until_any(|seen| *seen == event).await;
    }

    pub(crate) async fn until_any(&self, is: impl Fn(&TrustEvent) -> bool) {
        let mut seen = self.0.subscribe();
        let waited = timeout(PATIENCE, seen.wait_for(|seen| seen.iter().any(&is))).await;
        assert!(waited.is_ok(), "not in {:?}", self.0.borrow());
    }
}

pub(crate) struct World {
    pub(crate) clock: ManualClock,
    pub(crate) issuer: Arc<TestIssuer>,
    pub(crate) feed: FakeFeed,
    pub(crate) seen: Arc<Seen>,
}

impl World {
    pub(crate) async fn new() -> Self {
        let clock = ManualClock::at(NOW);
        let issuer = Arc::new(TestIssuer::new("http://localhost", clock.clock()).unwrap());
        let feed = FakeFeed::start(Arc::clone(&issuer)).await.unwrap();
        Self { clock, issuer, feed, seen: Seen::new() }
    }

    /// Quick to come back, so that tests are.
    pub(crate) fn builder(&self) -> TrustBuilder {
        Trust::at(self.feed.address())
            .client(FakeFeed::CLIENT_ID, FakeFeed::SECRET)
            .backoff(Duration::from_millis(5), Duration::from_millis(50))
            .clock(self.clock.clock())
            .counting(Arc::clone(&self.seen) as Arc<dyn TrustMeter>)
    }

    pub(crate) fn start(&self) -> Trust {
        self.builder().start().unwrap()
    }

    /// A trust that is ready.
    pub(crate) async fn trust(&self) -> Trust {
        let trust = self.start();
        trust.ready(PATIENCE).await.unwrap();
        trust
    }

    pub(crate) async fn heard(&self, is: impl Fn(&Heard) -> bool) -> Heard {
        let mut heard = self.feed.heard();
        *timeout(PATIENCE, heard.wait_for(|heard| is(heard))).await.unwrap().unwrap()
    }

    pub(crate) fn claims(&self, person: u128) -> Claims {
        self.issuer.person(Uuid::from_u128(person)).claims().clone()
    }
}

/// Takes the session of these claims back.
pub(crate) fn session(claims: &Claims) -> Entry {
    Entry::Session { sid: claims.person.as_ref().unwrap().sid, expires_at: claims.exp }
}

/// Takes the token of these claims back.
pub(crate) fn token(claims: &Claims) -> Entry {
    Entry::Token { jti: claims.jti, expires_at: claims.exp }
}

/// Waits until these claims are struck.
pub(crate) async fn struck(trust: &Trust, claims: &Claims) {
    let mut changes = trust.changes();
    let waited = timeout(PATIENCE, changes.wait_for(|_| trust.strikes(claims))).await;
    assert!(waited.is_ok(), "not struck");
}

pub(crate) fn disconnected(ended: Ended) -> TrustEvent {
    TrustEvent::Disconnected(ended)
}
