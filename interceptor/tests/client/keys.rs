//! Keys that change, go away, cannot be had, or must not be taken.
#![expect(clippy::unwrap_used, reason = "a failure to set a test up is a failed test")]

use std::{sync::Arc, time::Duration};

use sekisho_interceptor::{
    AuthLayer, Cause, Ended, Health, KeySource, PolicySet, Refusal, RevocationSource, Trust, TrustEvent, Verifier,
    VerifyingKey,
    testing::{TestIssuer, TestToken},
};
use serde_json::{Value, json};
use tonic::Code;
use tower::{Layer, ServiceExt, service_fn};
use uuid::Uuid;

use crate::support::{NOW, PATIENCE, World, disconnected, session, struck};

const UNKNOWN: Refusal = Refusal::Invalid(Cause::Key);

fn good(issuer: &TestIssuer) -> TestToken {
    issuer.person(Uuid::from_u128(1)).audience("orders")
}

fn answer(world: &World, trust: &Trust, token: &TestToken) -> Result<(), Refusal> {
    let verifier = Verifier::new("http://localhost", "orders");
    verifier.verify(&token.sign(), &trust.keys(), world.clock.now()).map(|_| ())
}

/// Through a layer, as a request.
async fn call(world: &World, trust: &Arc<Trust>, token: &TestToken) -> Code {
    let policy = PolicySet::default().route("GET", "/orders", sekisho_interceptor::Access::default()).unwrap();
    let verifier = Verifier::new("http://localhost", "orders");
    let keys = Arc::clone(trust) as Arc<dyn KeySource>;
    let layer = AuthLayer::new(verifier, keys, Arc::new(policy), world.clock.clock()).revocations(trust.clone());
    let service = layer.layer(service_fn(|_: http::Request<()>| async {
        Ok::<_, std::convert::Infallible>(http::Response::new(tonic::body::Body::empty()))
    }));
    let bearer = format!("Bearer {}", token.sign());
    let request = http::Request::builder().uri("/orders").header("authorization", bearer).body(()).unwrap();
    match service.oneshot(request).await.unwrap().status().as_u16() {
        200 => Code::Ok,
        401 => Code::Unauthenticated,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn h30_an_unknown_kid_is_refused_at_once_and_looked_for_behind() {
    let world = World::new().await;
    let trust = Arc::new(world.trust().await);
    assert_eq!(call(&world, &trust, &good(&world.issuer)).await, Code::Ok);
    // A key that the feed did not tell of.
    world.issuer.rotate().unwrap();
    let new = good(&world.issuer);
    assert_eq!(call(&world, &trust, &new).await, Code::Unauthenticated);
    world.seen.until(TrustEvent::Keys { count: 2 }).await;
    assert_eq!(call(&world, &trust, &new).await, Code::Ok);
    assert_eq!(world.heard(|_| true).await.keys, 1);
}

#[tokio::test]
async fn h31_made_up_kids_spend_a_budget_and_nothing_else() {
    let world = World::new().await;
    let trust = Arc::new(world.trust().await);
    for kid in 0..300 {
        let made_up = good(&world.issuer).header("kid", Some(json!(format!("made-up-{kid}"))));
        assert_eq!(call(&world, &trust, &made_up).await, Code::Unauthenticated);
    }
    world.heard(|heard| heard.keys > 0).await;
    assert_eq!(call(&world, &trust, &good(&world.issuer)).await, Code::Ok);
    // A new key is found all the same.
    world.issuer.rotate().unwrap();
    let new = good(&world.issuer);
    call(&world, &trust, &new).await;
    world.seen.until(TrustEvent::Keys { count: 2 }).await;
    assert_eq!(call(&world, &trust, &new).await, Code::Ok);
    let heard = world.heard(|_| true).await;
    assert!(heard.keys <= 6, "{heard:?}");
}

#[tokio::test]
async fn h33_a_key_that_is_taken_out_verifies_nothing_more() {
    let world = World::new().await;
    let trust = world.trust().await;
    let old = good(&world.issuer);
    world.issuer.rotate().unwrap();
    world.feed.publish_keys();
    world.seen.until(TrustEvent::Keys { count: 2 }).await;
    assert_eq!(answer(&world, &trust, &old), Ok(()));
    world.seen.forget();
    world.issuer.retire().unwrap();
    world.feed.publish_keys();
    world.seen.until(TrustEvent::Keys { count: 1 }).await;
    assert_eq!(answer(&world, &trust, &old), Err(UNKNOWN));
    assert_eq!(answer(&world, &trust, &good(&world.issuer)), Ok(()));
}

#[tokio::test]
async fn h34_the_keys_of_one_issuer_say_nothing_for_another() {
    let (ours, theirs) = (World::new().await, World::new().await);
    let (trust, other) = (ours.trust().await, theirs.trust().await);
    // The same name and kid, and keys of their own.
    let token = good(&theirs.issuer);
    assert_eq!(answer(&theirs, &other, &token), Ok(()));
    assert_eq!(answer(&ours, &trust, &token), Err(Refusal::Invalid(Cause::Signature)));
    let foreign = token.header("kid", Some(json!("theirs")));
    assert_eq!(answer(&ours, &trust, &foreign), Err(UNKNOWN));
}

fn bad_sets(good: &Value) -> Vec<(&'static str, Value)> {
    let key = good["keys"][0].clone();
    let with = |name: &str, value: Value| {
        let mut key = key.clone();
        key[name] = value;
        json!({ "keys": [good["keys"][0], key] })
    };
    vec![
        ("a kid twice", json!({ "keys": [key, key] })),
        ("a secret", with("kty", json!("oct"))),
        ("for encryption", with("use", json!("enc"))),
        ("RSA of 1024 bits", json!({ "keys": [{ "kty": "RSA", "kid": "r", "n": "_".repeat(171), "e": "AQAB" }] })),
        ("RSA with e = 1", json!({ "keys": [{ "kty": "RSA", "kid": "r", "n": "_".repeat(342), "e": "AQ" }] })),
        ("of no type", json!({ "keys": [{ "kid": "x" }] })),
        ("of small order", with("x", json!("A".repeat(43)))),
        ("too many", json!({ "keys": vec![key; 65] })),
    ]
}

#[tokio::test]
async fn h35_a_bad_set_leaves_the_good_one_in_place() {
    let world = World::new().await;
    let trust = world.trust().await;
    for (what, set) in bad_sets(&world.issuer.jwks()) {
        world.seen.forget();
        world.feed.publish_jwks(set);
        world.seen.until(TrustEvent::KeysRefused).await;
        assert_eq!(answer(&world, &trust, &good(&world.issuer)), Ok(()), "{what}");
    }
}

#[tokio::test]
async fn h36_an_empty_set_leaves_the_good_one_in_place() {
    let world = World::new().await;
    let trust = world.trust().await;
    world.seen.forget();
    world.feed.publish_jwks(json!({ "keys": [] }));
    world.seen.until(TrustEvent::KeysRefused).await;
    assert_eq!(answer(&world, &trust, &good(&world.issuer)), Ok(()));
}

#[tokio::test]
async fn h35_a_server_whose_keys_are_bad_does_not_vouch_for_the_old_ones() {
    let world = World::new().await;
    let trust = world.builder().max_key_age(Duration::from_secs(3)).start().unwrap();
    trust.ready(PATIENCE).await.unwrap();
    world.feed.publish_jwks(json!({ "keys": [] }));
    // Heartbeats go on all the while.
    world.seen.until(TrustEvent::KeysExpired).await;
    assert_eq!(trust.health(), Health::NoKeys);
}

#[tokio::test]
async fn h35_a_file_does_not_make_unconfirmed_keys_younger() {
    let world = World::new().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let file = json!({ "saved_at": NOW - 1_000, "jwks": world.issuer.jwks() }).to_string();
    std::fs::write(&path, &file).unwrap();
    world.feed.publish_jwks(json!({ "keys": [] }));
    let trust = world.builder().key_file(&path).start().unwrap();
    trust.ready(PATIENCE).await.unwrap();
    // Heard in the same stream, after whatever the first heartbeat led to.
    let gone = world.claims(1);
    world.feed.revoke(session(&gone));
    struck(&trust, &gone).await;
    let saved: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert!(saved["saved_at"].as_i64() <= Some(NOW - 1_000), "{saved}");
}

#[tokio::test]
async fn keys_are_had_where_the_feed_says_nothing() {
    let world = World::new().await;
    world.feed.pause();
    let trust = world.builder().silence(Duration::from_millis(200)).start().unwrap();
    world.seen.until(TrustEvent::Keys { count: 1 }).await;
    assert_eq!((answer(&world, &trust, &good(&world.issuer)), trust.staleness()), (Ok(()), None));
    world.feed.resume();
    trust.ready(PATIENCE).await.unwrap();
}

#[tokio::test]
async fn keys_outlive_the_issuer_for_a_while_and_no_longer() {
    let mut world = World::new().await;
    let trust = world.builder().max_key_age(Duration::from_secs(3)).start().unwrap();
    trust.ready(PATIENCE).await.unwrap();
    world.feed.stop().await;
    world.seen.until(disconnected(Ended::Status(Code::Unavailable))).await;
    world.seen.until(TrustEvent::KeysExpired).await;
    assert_eq!(trust.health(), Health::NoKeys);
    assert_eq!(answer(&world, &trust, &good(&world.issuer)), Err(UNKNOWN));
    world.feed.serve_again().await.unwrap();
    trust.ready(PATIENCE).await.unwrap();
    assert_eq!(answer(&world, &trust, &good(&world.issuer)), Ok(()));
}

#[tokio::test]
async fn keys_are_had_from_the_file_while_the_issuer_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let mut world = World::new().await;
    let first = world.builder().key_file(&path).start().unwrap();
    first.ready(PATIENCE).await.unwrap();
    drop(first);
    world.feed.stop().await;

    let second = world.builder().key_file(&path).start().unwrap();
    assert_eq!(answer(&world, &second, &good(&world.issuer)), Ok(()));
    assert_eq!(second.key_age().map(|age| age < PATIENCE), Some(true));
    assert_eq!(world.builder().start().unwrap().health(), Health::NoKeys, "without the file");
    drop(second);

    // A day later nobody vouches for them.
    world.clock.advance(86_400);
    let third = world.builder().key_file(&path).start().unwrap();
    world.seen.until(TrustEvent::KeysExpired).await;
    assert_eq!(third.health(), Health::NoKeys);
}

#[cfg(unix)]
#[tokio::test]
async fn the_key_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let world = World::new().await;
    let trust = world.builder().key_file(&path).start().unwrap();
    trust.ready(PATIENCE).await.unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "a half-written file was left");
}

#[tokio::test]
async fn a_damaged_key_file_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    for text in ["", "{", "{\"saved_at\": 1}", "{\"saved_at\": 1800000000, \"jwks\": {\"keys\": []}}"] {
        std::fs::write(&path, text).unwrap();
        let mut world = World::new().await;
        world.feed.stop().await;
        let trust = world.builder().key_file(&path).start().unwrap();
        assert_eq!(trust.health(), Health::NoKeys, "{text}");
        world.feed.serve_again().await.unwrap();
        trust.ready(PATIENCE).await.unwrap();
    }
}

#[tokio::test]
async fn pinned_keys_stand_until_the_issuers_own_are_had() {
    let mut world = World::new().await;
    world.feed.stop().await;
    let pinned = TestIssuer::new("http://localhost", world.clock.clock()).unwrap();
    let key = VerifyingKey::from_jwk(&pinned.jwks()["keys"][0]).unwrap();
    let trust = world.builder().pinned_keys([key]).start().unwrap();
    assert_eq!(answer(&world, &trust, &good(&pinned)), Ok(()));
    world.feed.serve_again().await.unwrap();
    trust.ready(PATIENCE).await.unwrap();
    assert_eq!(answer(&world, &trust, &good(&world.issuer)), Ok(()));
    assert_eq!(answer(&world, &trust, &good(&pinned)), Err(Refusal::Invalid(Cause::Signature)));
}

#[tokio::test]
async fn a_shared_secret_is_pinned_and_no_empty_set_takes_it_away() {
    let world = World::new().await;
    world.feed.publish_jwks(json!({ "keys": [] }));
    let key = VerifyingKey::hs256("shared", &[7; 32]).unwrap();
    let trust = world.builder().pinned_keys([key]).start().unwrap();
    trust.ready(PATIENCE).await.unwrap();
    assert!(trust.keys().get("shared").is_some());
    assert!(!world.seen.has(&TrustEvent::KeysRefused));
}
