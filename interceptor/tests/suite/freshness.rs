//! What the layer makes of revocations, by what the method declares.
#![expect(clippy::unwrap_used, reason = "a failure to set a test up is a failed test")]

use std::{sync::Arc, time::Duration};

use sekisho_interceptor::{
    Access, AuthLayer, Claims, Entry, Event, Freshness, PolicySet, Refusal, Unavailable, WhenStale,
};

use crate::{
    known::{Known, Says, Tally},
    layer::{Outcome, call, refused, request},
    support::{Issuer, NOW, claims, person, verifier},
};

const PATH: &str = "/shop";
const WITHIN: Duration = Duration::from_secs(30);

fn stream(when_stale: WhenStale) -> Freshness {
    Freshness::Stream { max_staleness: WITHIN, when_stale }
}

/// A layer whose one method has that freshness, and a token of that age.
fn layer_and_token(freshness: Freshness, age: i64) -> (AuthLayer, String) {
    let issuer = Issuer::ed25519();
    let policy = PolicySet::default().route("GET", PATH, Access { freshness, ..Access::default() }).unwrap();
    let layer = AuthLayer::new(verifier(), Arc::new(Arc::new(issuer.keys())), Arc::new(policy), Arc::new(|| NOW));
    let iat = NOW - age;
    (layer, issuer.issue(&Claims { iat, nbf: iat, ..claims() }))
}

fn reached() -> Outcome {
    Outcome::Reached(Some(claims().sub))
}

fn session() -> Entry {
    Entry::Session { sid: person().sid, expires_at: NOW + 900 }
}

#[tokio::test]
async fn h63_a_revoked_session_is_refused_but_by_signature_alone() {
    for (freshness, expected) in [
        (Freshness::Signature, reached()),
        (stream(WhenStale::Serve), refused(Refusal::Revoked)),
        (stream(WhenStale::Refuse), refused(Refusal::Revoked)),
        (Freshness::Strict, refused(Refusal::Revoked)),
    ] {
        let (layer, token) = layer_and_token(freshness, 0);
        let known = Known::new(Arc::new(|| NOW));
        known.learn(session());
        let layer = layer.revocations(known).introspect_with(Arc::new(Says(Some(Ok(true)))));
        assert_eq!(call(&layer, request(PATH, Some(&token))).await, expected, "{freshness:?}");
    }
}

#[tokio::test]
async fn h64_a_token_that_was_good_a_moment_ago_is_refused() {
    let (layer, token) = layer_and_token(stream(WhenStale::Serve), 0);
    let known = Known::new(Arc::new(|| NOW));
    let layer = layer.revocations(known.clone());
    assert_eq!(call(&layer, request(PATH, Some(&token))).await, reached());
    known.learn(session());
    assert_eq!(call(&layer, request(PATH, Some(&token))).await, refused(Refusal::Revoked));
}

#[tokio::test]
async fn h66_stale_knowledge_and_an_old_token() {
    let over = Some(WITHIN + Duration::from_millis(1));
    let unavailable = refused(Refusal::Stale);
    for (when_stale, staleness, age, expected) in [
        (WhenStale::Refuse, Some(WITHIN), 60, reached()),
        (WhenStale::Refuse, over, 30, reached()),
        (WhenStale::Refuse, over, 31, refused(Refusal::Stale)),
        (WhenStale::Refuse, None, 30, reached()),
        (WhenStale::Refuse, None, 31, unavailable),
        (WhenStale::Serve, over, 31, reached()),
        (WhenStale::Serve, None, 31, reached()),
    ] {
        let (layer, token) = layer_and_token(stream(when_stale), age);
        let known = Known::new(Arc::new(|| NOW));
        known.set_staleness(staleness);
        let seen = call(&layer.revocations(known), request(PATH, Some(&token))).await;
        assert_eq!(seen, expected, "{when_stale:?} {staleness:?} {age}");
    }
}

#[tokio::test]
async fn without_a_source_a_method_that_insists_is_refused() {
    for (when_stale, expected) in [(WhenStale::Serve, reached()), (WhenStale::Refuse, refused(Refusal::Stale))] {
        let (layer, token) = layer_and_token(stream(when_stale), 0);
        assert_eq!(call(&layer, request(PATH, Some(&token))).await, expected, "{when_stale:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_strict_method_does_as_the_issuer_says() {
    for (issuer, expected) in [
        (Some(Ok(true)), reached()),
        (Some(Ok(false)), refused(Refusal::Revoked)),
        (Some(Err(Unavailable)), refused(Refusal::Stale)),
        (None, refused(Refusal::Stale)),
    ] {
        let (layer, token) = layer_and_token(Freshness::Strict, 0);
        let layer = layer.introspect_with(Arc::new(Says(issuer)));
        let start = tokio::time::Instant::now();
        assert_eq!(call(&layer, request(PATH, Some(&token))).await, expected, "{issuer:?}");
        let waited = if issuer.is_none() { Duration::from_millis(250) } else { Duration::ZERO };
        let elapsed = start.elapsed();
        assert!(elapsed >= waited && elapsed <= waited + Duration::from_millis(2), "{issuer:?}: {elapsed:?}");
    }
}

#[tokio::test]
async fn a_strict_method_is_refused_if_nobody_is_asked_and_left_to_a_service_that_asks() {
    let (layer, token) = layer_and_token(Freshness::Strict, 0);
    assert_eq!(call(&layer, request(PATH, Some(&token))).await, refused(Refusal::Stale));
    let layer = layer.strict_by_service();
    assert_eq!(call(&layer, request(PATH, Some(&token))).await, reached());
}

#[tokio::test]
async fn what_the_layer_does_is_told() {
    let (layer, token) = layer_and_token(stream(WhenStale::Serve), 31);
    let (known, tally) = (Known::new(Arc::new(|| NOW)), Arc::new(Tally::default()));
    let layer = layer.revocations(known.clone()).counting(tally.clone());
    call(&layer, request(PATH, Some(&token))).await;
    assert_eq!(tally.take(), [Event::CacheMiss, Event::Admitted]);
    known.set_staleness(None);
    call(&layer, request(PATH, Some(&token))).await;
    assert_eq!(tally.take(), [Event::CacheHit, Event::StaleServed, Event::Admitted]);
    known.learn(session());
    call(&layer, request(PATH, Some(&token))).await;
    assert_eq!(tally.take(), [Event::CacheHit, Event::Refused(Refusal::Revoked)]);
}
