//! The same tokens through jwt-authorizer 0.15, in one run. In this folder: `cargo bench`.
//!
//! It has no cache, no revocations and one policy for all routes; `check_auth` is what
//! its layer awaits for each request, so a token seen before costs it the same.

#![expect(clippy::expect_used, reason = "a bench that cannot run has nothing to report")]

#[path = "../data/mod.rs"]
#[expect(dead_code, reason = "shared with the benches of the crate itself")]
mod data;

use std::{
    convert::Infallible,
    pin::pin,
    task::{Context, Poll, Waker},
};

use aws_lc_rs::{
    rand::SystemRandom,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use data::{NOW, b64, layer, request, signing_input, verifier};
use divan::{Bencher, black_box};
use http::{Request, Response};
use jwt_authorizer::{Authorizer, JwtAuthorizer, Validation};
use sekisho_interceptor::KeySet;
use serde_json::{Value, json};
use tower::{Layer, Service, service_fn};

const ALGORITHMS: [&str; 3] = ["EdDSA", "ES256", "RS256"];

fn main() {
    divan::main();
}

/// A JWK set and a token under its key.
fn issue(alg: &str) -> (Value, String) {
    let input = signing_input(alg);
    let (message, random) = (input.as_bytes(), SystemRandom::new());
    let (mut jwk, signature) = match alg {
        "EdDSA" => {
            let pair = Ed25519KeyPair::generate().expect("a key pair");
            let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key()) });
            (jwk, pair.sign(message).as_ref().to_vec())
        }
        "ES256" => {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key pair");
            let point = pair.public_key().as_ref();
            let jwk = json!({ "kty": "EC", "crv": "P-256", "x": b64(&point[1..33]), "y": b64(&point[33..]) });
            (jwk, pair.sign(&random, message).expect("a signature").as_ref().to_vec())
        }
        _ => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key pair");
            // A DER RSAPublicKey of 2048 bits has a fixed layout.
            let der = pair.public_key().as_ref();
            let jwk = json!({ "kty": "RSA", "n": b64(&der[9..265]), "e": b64(&der[267..]) });
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).expect("a signature");
            (jwk, signature)
        }
    };
    jwk["kid"] = "k1".into();
    jwk["alg"] = alg.into();
    (json!({ "keys": [jwk] }), format!("{input}.{}", b64(signature)))
}

fn authorizer(jwks: &Value) -> Authorizer<Value> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let validation = Validation::new().iss(&["https://auth.example.com"]).aud(&["orders"]);
    let built = JwtAuthorizer::from_jwks_text(&jwks.to_string()).validation(validation).build();
    runtime.block_on(built).expect("an authorizer")
}

#[divan::bench(args = ALGORITHMS)]
fn peer_each_time(bencher: Bencher<'_, '_>, alg: &str) {
    let (jwks, token) = issue(alg);
    let peer = authorizer(&jwks);
    bencher.bench_local(|| {
        let checked = pin!(peer.check_auth(black_box(&token)));
        match checked.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(checked) => checked.expect("a good token"),
            Poll::Pending => unreachable!("the keys are here"),
        }
    });
}

#[divan::bench(args = ALGORITHMS)]
fn ours_first_sight(bencher: Bencher<'_, '_>, alg: &str) {
    let (jwks, token) = issue(alg);
    let (keys, verifier) = (KeySet::from_jwks(&jwks).expect("keys"), verifier());
    bencher.bench_local(|| verifier.verify(black_box(&token), &keys, NOW).expect("claims"));
}

/// The whole layer, with its policy and 250,000 revocations.
#[divan::bench(args = ALGORITHMS)]
fn ours_seen_before(bencher: Bencher<'_, '_>, alg: &str) {
    let (jwks, token) = issue(alg);
    let answer = |_: Request<()>| async { Ok::<_, Infallible>(Response::new(String::new())) };
    let mut service = layer(KeySet::from_jwks(&jwks).expect("keys"), 250_000).layer(service_fn(answer));
    bencher.with_inputs(|| request(&token)).bench_local_values(|request| {
        let called = pin!(service.call(request));
        match called.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(response)) if response.headers().is_empty() => response,
            _ => unreachable!("a good token"),
        }
    });
}
