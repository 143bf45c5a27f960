//! A token seen before is judged anew in all but its signature.
#![expect(clippy::unwrap_used, reason = "a failure to set a test up is a failed test")]

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, Ordering},
};

use sekisho_interceptor::{
    Access, AuthLayer, Cause, Claims, Event, KeySet, KeySource, PolicySet, Refusal, TokenCacheSize,
};

use crate::{
    known::Tally,
    layer::{Outcome, call, refused, request},
    support::{Issuer, NOW, claims, verifier},
};

/// A layer of which everything can be changed.
struct Bench {
    layer: AuthLayer,
    keys: Arc<Keys>,
    now: Arc<AtomicI64>,
    tally: Arc<Tally>,
}

struct Keys(Mutex<Arc<KeySet>>);

impl KeySource for Keys {
    fn keys(&self) -> Arc<KeySet> {
        Arc::clone(&self.0.lock().unwrap())
    }
}

impl Bench {
    fn new(issuer: &Issuer) -> Self {
        let clerk = Access { roles: vec!["clerk".to_owned()], ..Access::default() };
        let policy = PolicySet::default().route("GET", "/any", Access::default()).unwrap();
        let policy = Arc::new(policy.route("GET", "/clerk", clerk).unwrap());
        let keys = Arc::new(Keys(Mutex::new(Arc::new(issuer.keys()))));
        let (now, tally) = (Arc::new(AtomicI64::new(NOW)), Arc::new(Tally::default()));
        let hands = Arc::clone(&now);
        let clock = Arc::new(move || hands.load(Ordering::SeqCst));
        let layer = AuthLayer::new(verifier(), keys.clone(), policy, clock).counting(tally.clone());
        Self { layer, keys, now, tally }
    }

    async fn get(&self, path: &str, token: &str) -> Outcome {
        call(&self.layer, request(path, Some(token))).await
    }

    fn hits(&self) -> usize {
        self.tally.take().iter().filter(|event| **event == Event::CacheHit).count()
    }
}

fn reached() -> Outcome {
    Outcome::Reached(Some(claims().sub))
}

#[tokio::test]
async fn the_second_time_is_a_hit() {
    let issuer = Issuer::ed25519();
    let bench = Bench::new(&issuer);
    let token = issuer.good();
    for expected in [0, 1, 1] {
        assert_eq!(bench.get("/any", &token).await, reached());
        assert_eq!(bench.hits(), expected);
    }
}

#[tokio::test]
async fn a_hit_expires() {
    let issuer = Issuer::ed25519();
    let bench = Bench::new(&issuer);
    let token = issuer.good();
    for (now, expected) in [
        (NOW, reached()),
        (NOW + 904, reached()),
        (NOW + 905, refused(Refusal::Expired)),
        (NOW - 6, refused(Refusal::Invalid(Cause::NotYet))),
        (NOW, reached()),
    ] {
        bench.now.store(now, Ordering::SeqCst);
        assert_eq!(bench.get("/any", &token).await, expected, "at {now}");
    }
    assert_eq!(bench.hits(), 4);
}

#[tokio::test]
async fn h33_a_hit_needs_its_key() {
    let (issuer, other) = (Issuer::ed25519(), Issuer::ed25519());
    let bench = Bench::new(&issuer);
    let token = issuer.good();
    assert_eq!(bench.get("/any", &token).await, reached());
    for (keys, cause) in [(other.keys(), Cause::Signature), (KeySet::default(), Cause::Key)] {
        *bench.keys.0.lock().unwrap() = Arc::new(keys);
        assert_eq!(bench.get("/any", &token).await, refused(Refusal::Invalid(cause)));
    }
    *bench.keys.0.lock().unwrap() = Arc::new(issuer.keys());
    assert_eq!(bench.get("/any", &token).await, reached());
    assert_eq!(bench.hits(), 1, "the same key, read again, is the same key");
}

#[tokio::test]
async fn a_hit_is_held_to_the_method_it_calls() {
    let issuer = Issuer::ed25519();
    let bench = Bench::new(&issuer);
    let token = issuer.good();
    assert_eq!(bench.get("/any", &token).await, reached());
    assert_eq!(bench.get("/clerk", &token).await, refused(Refusal::Denied));
    assert_eq!(bench.hits(), 1);
}

#[tokio::test]
async fn a_failure_is_not_remembered() {
    let (issuer, other) = (Issuer::ed25519(), Issuer::ed25519());
    let bench = Bench::new(&issuer);
    let early = other.good();
    for _ in 0..2 {
        assert_eq!(bench.get("/any", &early).await, refused(Refusal::Invalid(Cause::Signature)));
    }
    assert_eq!(bench.hits(), 0);
    *bench.keys.0.lock().unwrap() = Arc::new(other.keys());
    assert_eq!(bench.get("/any", &early).await, reached());
}

#[tokio::test]
async fn no_token_gets_the_claims_of_another() {
    let issuer = Issuer::ed25519();
    let bench = Bench::new(&issuer);
    let good = issuer.good();
    assert_eq!(bench.get("/any", &good).await, reached());
    let (input, signature) = good.rsplit_once('.').unwrap();
    let stranger = Claims { sub: uuid::Uuid::from_u128(7), ..claims() };
    let theirs = issuer.issue(&stranger);
    let crossed = format!("{}.{signature}", theirs.rsplit_once('.').unwrap().0);
    for forged in [crossed, format!("{input}.AAAA"), format!("{good}A")] {
        let seen = bench.get("/any", &forged).await;
        assert!(matches!(&seen, Outcome::Refused(reason, ..) if reason == "ACCESS_TOKEN_INVALID"), "{seen:?}");
    }
    assert_eq!(bench.get("/any", &theirs).await, Outcome::Reached(Some(stranger.sub)));
    assert_eq!(bench.hits(), 0);
}

#[tokio::test]
async fn a_layer_can_do_without() {
    let issuer = Issuer::ed25519();
    let mut bench = Bench::new(&issuer);
    bench.layer = bench.layer.cache(TokenCacheSize::NONE);
    for _ in 0..2 {
        assert_eq!(bench.get("/any", &issuer.good()).await, reached());
    }
    let seen = bench.tally.take();
    assert!(seen.contains(&Event::Admitted) && !seen.contains(&Event::CacheHit), "{seen:?}");
    assert!(!seen.contains(&Event::CacheMiss), "{seen:?}");
}
