//! Tokens: issue and verify. `cargo bench --bench tokens`.
//!
//! `bare_*` is the signature alone, to read the others against.

#![expect(clippy::expect_used, reason = "a bench that cannot run has nothing to report")]

mod data;

use std::sync::Arc;

use data::session;
use divan::{Bencher, black_box};
use sekisho::{
    clock::{Clock, SystemClock},
    crypto::{Keyring, RefreshToken, Secrets},
    entropy::SystemEntropy,
    storage::sql::{Location, SqlStore},
};
use sekisho_interceptor::{Algorithm, Claims, KeySource, Person, Verifier};

const ALGORITHMS: [&str; 4] = ["EdDSA", "ES256", "RS256", "HS256"];

fn main() {
    divan::main();
}

fn secrets() -> Secrets {
    Secrets::derive(&[7; 32], None).expect("derivation")
}

fn keyring(algorithm: &str) -> Keyring {
    let algorithm = Algorithm::parse(algorithm).expect("an algorithm");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    runtime.block_on(async {
        let store =
            SqlStore::open(&Location::Sqlite(folder.path().join("keys.db")), Arc::default()).await.expect("a store");
        store.migrate().await.expect("migrations");
        let store = Arc::new(store);
        let (entropy, clock) = (Arc::new(SystemEntropy), Arc::new(SystemClock));
        let shared = (algorithm == Algorithm::HS256).then_some(&[9_u8; 32][..]);
        let keyring = Keyring::new(store, Arc::new(secrets()), entropy, clock, algorithm, shared).expect("a keyring");
        keyring.prepare().await.expect("keys");
        keyring
    })
}

fn claims(now: i64) -> Claims {
    Claims {
        iss: "https://auth.example.com".into(),
        sub: uuid::Uuid::from_u128(1),
        aud: vec!["example".into()],
        exp: now + 900,
        iat: now,
        nbf: now,
        jti: uuid::Uuid::from_u128(2),
        client_id: "laptop".into(),
        scope: None,
        person: Some(Person {
            sid: uuid::Uuid::from_u128(3),
            email: "ada@example.com".into(),
            email_verified: true,
            roles: vec!["member".into()],
            auth_time: now,
            amr: vec!["pwd".into()],
        }),
    }
}

#[divan::bench(args = ALGORITHMS)]
fn issue_access_token(bencher: Bencher<'_, '_>, algorithm: &str) {
    let keyring = keyring(algorithm);
    let claims = claims(SystemClock.now().seconds());
    bencher.bench_local(|| keyring.sign(black_box(&claims)).expect("a token"));
}

#[divan::bench(args = ALGORITHMS)]
fn verify_access_token(bencher: Bencher<'_, '_>, algorithm: &str) {
    let keyring = keyring(algorithm);
    let now = SystemClock.now().seconds();
    let token = keyring.sign(&claims(now)).expect("a token");
    let (keys, verifier) = (keyring.keys(), Verifier::new("https://auth.example.com", "example"));
    bencher.bench_local(|| verifier.verify(black_box(&token), &keys, now).expect("claims"));
}

#[divan::bench]
fn bare_ed25519_verify(bencher: Bencher<'_, '_>) {
    use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
    let pair = Ed25519KeyPair::generate().expect("a key pair");
    let message = [5_u8; 600];
    let signature = pair.sign(&message);
    let public = UnparsedPublicKey::new(&ED25519, pair.public_key().as_ref());
    bencher.bench_local(|| public.verify(black_box(&message), signature.as_ref()).expect("genuine"));
}

#[divan::bench]
fn issue_refresh_token(bencher: Bencher<'_, '_>) {
    let (secrets, session) = (secrets(), session(1));
    bencher.bench_local(|| RefreshToken::issue(&secrets, black_box(&session)).expect("a token").expose());
}

#[divan::bench]
fn verify_refresh_token(bencher: Bencher<'_, '_>) {
    let (secrets, session) = (secrets(), session(1));
    let text = RefreshToken::issue(&secrets, &session).expect("a token").expose();
    bencher.bench_local(|| {
        let token = RefreshToken::parse(black_box(&text)).expect("a token");
        assert!(token.is_ours(&secrets) && token.opens(&session.salt));
    });
}
