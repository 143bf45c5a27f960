//! What a decision costs. `cargo bench -p sekisho-interceptor --bench decision`.
//!
//! `bare_*` is the signature alone, to read `first_sight_*` against.

#![expect(clippy::expect_used, reason = "a bench that cannot run has nothing to report")]

mod data;

use std::{
    convert::Infallible,
    future::{Ready, ready},
    pin::pin,
    task::{Context, Poll, Waker},
};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
        ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};
use data::{NOW, b64, claims, ed25519, filled, layer, request, signing_input, verifier};
use divan::{Bencher, black_box};
use http::{Request, Response};
use sekisho_interceptor::{AuthLayer, KeySet, TokenCacheSize, VerifyingKey};
use serde_json::json;
use tower::{Layer, Service};

const SIZES: [usize; 3] = [10_000, 250_000, 1_000_000];
const ALGORITHMS: [&str; 3] = ["EdDSA", "ES256", "RS256"];

fn main() {
    divan::main();
}

/// A key, its signature over a token's signing input, and the token.
struct Signed {
    key: ParsedPublicKey,
    keys: KeySet,
    input: String,
    signature: Vec<u8>,
}

impl Signed {
    fn new(alg: &str) -> Self {
        let input = signing_input(alg);
        let message = input.as_bytes();
        let (key, mut jwk, signature) = match alg {
            "EdDSA" => {
                let pair = Ed25519KeyPair::generate().expect("a key pair");
                let key = ParsedPublicKey::new(&ED25519, pair.public_key()).expect("a key");
                let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key()) });
                (key, jwk, pair.sign(message).as_ref().to_vec())
            }
            "ES256" => {
                let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key pair");
                let point = pair.public_key().as_ref();
                let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).expect("a key");
                let jwk = json!({ "kty": "EC", "crv": "P-256", "x": b64(&point[1..33]), "y": b64(&point[33..]) });
                (key, jwk, pair.sign(&SystemRandom::new(), message).expect("a signature").as_ref().to_vec())
            }
            _ => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key pair");
                let der = pair.public_key().as_ref();
                let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).expect("a key");
                let jwk = json!({ "kty": "RSA", "n": b64(&der[9..265]), "e": b64(&der[267..]) });
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).expect("a signature");
                (key, jwk, signature)
            }
        };
        jwk["kid"] = "k1".into();
        let keys = KeySet::new([VerifyingKey::from_jwk(&jwk).expect("a key")]).expect("a set");
        Self { key, keys, input, signature }
    }
}

#[divan::bench(args = ALGORITHMS)]
fn bare_signature(bencher: Bencher<'_, '_>, alg: &str) {
    let signed = Signed::new(alg);
    let (message, signature) = (signed.input.as_bytes(), &signed.signature);
    bencher.bench_local(|| signed.key.verify_sig(black_box(message), signature).expect("genuine"));
}

#[divan::bench(args = ALGORITHMS)]
fn first_sight(bencher: Bencher<'_, '_>, alg: &str) {
    let signed = Signed::new(alg);
    let token = format!("{}.{}", signed.input, b64(&signed.signature));
    let verifier = verifier();
    bencher.bench_local(|| verifier.verify(black_box(&token), &signed.keys, NOW).expect("claims"));
}

#[derive(Clone)]
struct Inner;

impl Service<Request<()>> for Inner {
    type Response = Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        black_box(request);
        ready(Ok(Response::new(tonic::body::Body::empty())))
    }
}

fn through(bencher: Bencher<'_, '_>, layer: &AuthLayer, token: &str) {
    let mut service = layer.layer(Inner);
    bencher.with_inputs(|| request(token)).bench_local_values(|request| {
        let polled = pin!(service.call(request)).poll(&mut Context::from_waker(Waker::noop()));
        let Poll::Ready(Ok(response)) = polled else { panic!("no answer") };
        assert!(!response.headers().contains_key("grpc-status"), "refused");
        response
    });
}

/// The service without a layer, to be taken off the others.
#[divan::bench(sample_size = 500)]
fn layer_none(bencher: Bencher<'_, '_>) {
    let (_, token) = ed25519();
    bencher.with_inputs(|| request(&token)).bench_local_values(|request| Inner.call(request));
}

#[divan::bench(sample_size = 500)]
fn layer_token_seen_before_250k_revocations(bencher: Bencher<'_, '_>) {
    let (keys, token) = ed25519();
    through(bencher, &layer(keys, 250_000), &token);
}

#[divan::bench(sample_size = 500)]
fn layer_first_sight_250k_revocations(bencher: Bencher<'_, '_>) {
    let (keys, token) = ed25519();
    through(bencher, &layer(keys, 250_000).cache(TokenCacheSize::NONE), &token);
}

#[divan::bench(args = SIZES)]
fn set_lookup(bencher: Bencher<'_, '_>, entries: usize) {
    let (set, mut claims) = (filled(entries), claims());
    bencher.bench_local(|| {
        // Another place in the tables each time, as of another caller.
        claims.jti = uuid::Uuid::from_u128(claims.jti.as_u128() + 1);
        if let Some(person) = &mut claims.person {
            person.sid = claims.jti;
        }
        black_box(set.strikes(&claims))
    });
}
