//! The signing keys, as siblings see them.

mod under_load;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use sekisho_interceptor::{Claims, KeySet, Refusal, Verifier, VerifyingKey};
use serde_json::{Value, json};

use crate::support::{
    Answer, TestApp,
    acts::{ADA, jose_header},
    http,
};

const AHEAD: u64 = 600;
const LONGEST_LIFE: u64 = 3_600;
const SKEW: u64 = 60;

async fn jwks(app: &TestApp) -> Answer {
    let answer = http::send(app.request("GET", "/.well-known/jwks.json")).await;
    assert_eq!(answer.status, 200);
    answer
}

async fn kids(app: &TestApp) -> Vec<String> {
    let set = jwks(app).await.body;
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn kid(access: &str) -> String {
    jose_header(access)["kid"].as_str().unwrap().to_owned()
}

fn verify(app: &TestApp, access: &str, keys: &KeySet) -> Result<Claims, Refusal> {
    Verifier::new("http://localhost:8080", "sekisho-dev").verify(access, keys, app.app.ctx.now().seconds())
}

#[tokio::test(flavor = "multi_thread")]
async fn siblings_verify_tokens_with_the_served_keys() {
    for (algorithm, kty, members) in [
        ("EdDSA", "OKP", vec!["alg", "crv", "kid", "kty", "use", "x"]),
        ("ES256", "EC", vec!["alg", "crv", "kid", "kty", "use", "x", "y"]),
        ("RS256", "RSA", vec!["alg", "e", "kid", "kty", "n", "use"]),
    ] {
        let app = TestApp::with(&[("SEKISHO_JWT_ALG", algorithm)]).await;
        let ada = app.ada().await;
        let set = jwks(&app).await.body;
        let key = &set["keys"][0];
        assert_eq!((&key["kty"], &key["use"], &key["alg"]), (&json!(kty), &json!("sig"), &json!(algorithm)));
        assert_eq!(key.as_object().unwrap().keys().collect::<Vec<_>>(), members, "nothing private");
        if let Some(modulus) = key["n"].as_str() {
            assert_eq!(URL_SAFE_NO_PAD.decode(modulus).unwrap().len() * 8, 3072, "as strong as the others");
        }
        let header = json!({"alg": algorithm, "kid": key["kid"], "typ": "at+jwt"});
        assert_eq!(jose_header(&ada.access), header);
        let claims = verify(&app, &ada.access, &KeySet::from_jwks(&set).unwrap()).unwrap();
        let person = claims.person.unwrap();
        assert_eq!((claims.sub.to_string(), person.sid.to_string()), (ada.user_id(), ada.session_id()));
        assert_eq!((person.email.as_str(), person.email_verified, claims.exp - claims.iat), (ADA, true, 900));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_key_is_not_published() {
    let secret = "c2hhcmVkLXNlY3JldC1zaGFyZWQtc2VjcmV0LTAwMDE=";
    let app = TestApp::with(&[("SEKISHO_JWT_ALG", "HS256"), ("SEKISHO_JWT_SECRET_KEY", secret)]).await;
    let ada = app.ada().await;
    assert_eq!(jwks(&app).await.body, json!({"keys": []}));
    let key = VerifyingKey::hs256(kid(&ada.access), &STANDARD.decode(secret).unwrap()).unwrap();
    let claims = verify(&app, &ada.access, &KeySet::new([key]).unwrap()).unwrap();
    assert_eq!(claims.sub.to_string(), ada.user_id());
    assert_eq!(app.profile(&ada.access).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_set_may_be_kept_for_less_than_a_key_is_ahead() {
    let app = TestApp::start().await;
    let answer = jwks(&app).await;
    let cache = answer.header("cache-control").unwrap();
    let max_age = cache.split(", ").find_map(|word| word.strip_prefix("max-age=")).unwrap();
    assert!((1..AHEAD).contains(&max_age.parse().unwrap()), "{cache}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_published_before_it_signs() {
    let app = TestApp::start().await;
    let old = app.ada().await.access;
    let new = app.app.ctx.keyring.rotate().await.unwrap().unwrap().kid;
    assert_eq!(kids(&app).await, [kid(&old), new.clone()]);
    app.advance(AHEAD - 1);
    assert_eq!(kid(&app.login(ADA, "phone").await.access), kid(&old));
    app.advance(1);
    assert_eq!(kid(&app.login(ADA, "phone").await.access), new);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_rotation_waits_for_the_first() {
    let app = TestApp::start().await;
    let keyring = &app.app.ctx.keyring;
    assert!(keyring.rotate().await.unwrap().is_some());
    assert!(keyring.rotate().await.unwrap().is_none());
    app.advance(AHEAD - 1);
    assert!(keyring.rotate().await.unwrap().is_none());
    assert_eq!(kids(&app).await.len(), 2);
    app.advance(1);
    assert!(keyring.rotate().await.unwrap().is_some());
    assert_eq!(kids(&app).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_key_verifies_to_the_end_of_its_last_token() {
    let app = TestApp::with(&[("SEKISHO_ACCESS_TTL", "3600")]).await;
    app.ada().await;
    let new = app.app.ctx.keyring.rotate().await.unwrap().unwrap().kid;
    app.advance(AHEAD - 1);
    let last = app.login(ADA, "phone").await.access;
    app.advance(LONGEST_LIFE - 1);
    app.app.ctx.keyring.reload().await.unwrap();
    let set: Value = jwks(&app).await.body;
    verify(&app, &last, &KeySet::from_jwks(&set).unwrap()).unwrap();
    assert_eq!(app.profile(&last).await.status, 200);

    app.advance(SKEW + 2);
    app.app.ctx.keyring.reload().await.unwrap();
    assert_eq!(kids(&app).await, [new]);
    app.app.ctx.keyring.prune().await.unwrap();
    assert_eq!(app.app.ctx.keyring.list().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_outlive_a_restart() {
    let app = TestApp::start().await;
    let access = app.ada().await.access;
    let before = kids(&app).await;
    let app = app.restart(&[]).await;
    assert_eq!(kids(&app).await, before);
    assert_eq!(app.profile(&access).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_algorithm_takes_over_like_a_new_key() {
    let app = TestApp::start().await;
    let old = app.ada().await.access;
    let app = app.restart(&[("SEKISHO_JWT_ALG", "ES256")]).await;
    assert_eq!(app.profile(&old).await.status, 200);
    assert_eq!(jose_header(&app.login(ADA, "phone").await.access)["alg"], "EdDSA");
    app.advance(AHEAD);
    let new = app.login(ADA, "phone").await.access;
    assert_eq!(jose_header(&new)["alg"], "ES256");
    assert_eq!(app.profile(&new).await.status, 200);
}

/// A dump of the database signs nothing; and nobody mistakes a new set of keys
/// for the old one.
#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_key_needs_its_secret() {
    let new = ("SEKISHO_SECRET", "bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldy0tMDAwMDI=");
    let previous = ("SEKISHO_SECRET_PREVIOUS", crate::support::app::SECRET);
    let app = TestApp::start().await;
    app.ada().await;
    let (data, clock) = app.stop().await;
    assert!(TestApp::open(&data, &clock, &[new]).await.is_err());

    let app = TestApp::at(data, clock, &[new, previous]).await;
    app.app.ctx.keyring.rotate().await.unwrap().unwrap();
    app.advance(AHEAD + LONGEST_LIFE + SKEW);
    let app = app.restart(&[new]).await;
    assert_eq!(kids(&app).await.len(), 1);
}
