//! The issuer's word on one token.

use std::time::Duration;

use sekisho_interceptor::{Introspector, Unavailable};
use tokio::time::timeout;
use uuid::Uuid;

use crate::support::{PATIENCE, World, token};

#[tokio::test]
async fn a_token_is_active_until_it_is_taken_back() {
    let world = World::new().await;
    // A busy machine is no fault.
    let trust = world.builder().introspection_budget(PATIENCE).start().unwrap();
    let good = world.issuer.person(Uuid::from_u128(1)).audience("orders");
    assert_eq!(trust.introspect(&good.sign()).await, Ok(true));
    world.feed.lose(token(good.claims()));
    assert_eq!(trust.introspect(&good.sign()).await, Ok(false));
    assert_eq!(trust.introspect("nonsense").await, Ok(false));
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_in_time_is_unavailable() {
    let world = World::new().await;
    let trust = world.builder().introspection_budget(Duration::from_millis(100)).start().unwrap();
    trust.ready(PATIENCE).await.unwrap();
    world.feed.stuck(true);
    let answer = timeout(PATIENCE, trust.introspect("token")).await.unwrap();
    assert_eq!(answer, Err(Unavailable));
}

#[tokio::test]
async fn an_issuer_that_is_away_is_unavailable() {
    let mut world = World::new().await;
    let trust = world.trust().await;
    world.feed.stop().await;
    assert_eq!(trust.introspect("token").await, Err(Unavailable));
}

#[tokio::test]
async fn many_questions_take_one_service_token() {
    let world = World::new().await;
    let trust = world.builder().introspection_budget(PATIENCE).start().unwrap();
    trust.ready(PATIENCE).await.unwrap();
    let good = world.issuer.person(Uuid::from_u128(1)).sign();
    let asked: Vec<_> = (0..64).map(|_| tokio::spawn(trust.introspect(&good))).collect();
    for answer in asked {
        assert_eq!(answer.await.unwrap(), Ok(true));
    }
    assert_eq!(world.heard(|heard| heard.introspections == 64).await.tokens, 1);
}
