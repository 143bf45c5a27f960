//! The test kit itself.
#![expect(clippy::unwrap_used, reason = "a failure to set a test up is a failed test")]

use sekisho_interceptor::{
    Cause, Refusal, Verifier,
    testing::{ManualClock, TestIssuer, TestToken},
};
use serde_json::json;
use uuid::Uuid;

use crate::support::NOW;

fn issuer(clock: &ManualClock) -> TestIssuer {
    TestIssuer::seeded("http://localhost", clock.clock(), [7; 32]).unwrap()
}

fn answer(issuer: &TestIssuer, token: &TestToken, now: i64) -> Result<(), Refusal> {
    Verifier::new("http://localhost", "orders").verify(&token.sign(), &issuer.keys(), now).map(|_| ())
}

#[test]
fn the_same_seed_signs_the_same_tokens() {
    let clock = ManualClock::at(NOW);
    let token = |issuer: &TestIssuer| issuer.person(Uuid::from_u128(1)).sign();
    assert_eq!(token(&issuer(&clock)), token(&issuer(&clock)));
    let (one, another) = (issuer(&clock), TestIssuer::new("http://localhost", clock.clock()).unwrap());
    assert_ne!(token(&one), token(&another));
}

#[test]
fn a_token_says_what_it_is_told_to() {
    let clock = ManualClock::at(NOW);
    let issuer = issuer(&clock);
    let sid = Uuid::from_u128(3);
    let token = issuer.person(Uuid::from_u128(1)).audience("orders").scope("a b").role("clerk").sid(sid).ttl(60);
    let claims = Verifier::new("http://localhost", "orders").verify(&token.sign(), &issuer.keys(), NOW).unwrap();
    assert_eq!(&claims, token.claims());
    assert!(claims.has_scope("a") && claims.has_scope("b") && claims.has_role("clerk"));
    assert_eq!((claims.person.unwrap().sid, claims.exp), (sid, NOW + 60));
    clock.advance(65);
    assert_eq!(answer(&issuer, &token, clock.now()), Err(Refusal::Expired));
}

#[test]
fn a_token_of_a_service_is_nobodys() {
    let clock = ManualClock::at(NOW);
    let issuer = issuer(&clock);
    let token = issuer.service("stock").audience("orders");
    assert_eq!(answer(&issuer, &token, NOW), Ok(()));
    assert!(token.claims().person.is_none());
}

#[test]
fn hostile_tokens_are_one_change_away() {
    let clock = ManualClock::at(NOW);
    let issuer = issuer(&clock);
    let good = || issuer.person(Uuid::from_u128(1)).audience("orders");
    assert_eq!(answer(&issuer, &good(), NOW), Ok(()));
    for (token, cause) in [
        (good().header("alg", Some(json!("none"))), Cause::Algorithm),
        (good().header("typ", None), Cause::Type),
        (good().header("kid", None), Cause::Key),
        (good().header("crit", Some(json!([]))), Cause::Critical),
        (good().claim("iss", Some(json!("http://localhost/"))), Cause::Issuer),
        (good().claim("aud", None), Cause::Audience),
        (good().ttl(3_601), Cause::Lifetime),
        (good().ago(-60), Cause::NotYet),
    ] {
        assert_eq!(answer(&issuer, &token, NOW), Err(Refusal::Invalid(cause)));
    }
}

#[test]
fn keys_turn_over() {
    let clock = ManualClock::at(NOW);
    let issuer = issuer(&clock);
    let old = issuer.person(Uuid::from_u128(1)).audience("orders");
    issuer.rotate().unwrap();
    assert_eq!(answer(&issuer, &old, NOW), Ok(()));
    issuer.retire().unwrap();
    assert_eq!(answer(&issuer, &old, NOW), Err(Refusal::Invalid(Cause::Key)));
}

#[cfg(not(debug_assertions))]
#[test]
fn a_release_build_signs_for_this_machine_only() {
    let clock = ManualClock::at(NOW);
    assert!(TestIssuer::new("https://auth.example", clock.clock()).is_err());
}
