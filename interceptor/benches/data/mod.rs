//! Tokens and revocations that benches share.

use std::{sync::Arc, time::Duration};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sekisho_interceptor::{
    Access, AuthLayer, Claims, Entry, KeySet, Person, PolicySet, RevocationSet, RevocationSource, SetLimits, Verifier,
    VerifyingKey,
};
use serde_json::json;
use tokio::sync::watch;
use uuid::Uuid;

pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const PATH: &str = "/shop.v1.Orders/List";

pub(crate) fn claims() -> Claims {
    Claims {
        iss: "https://auth.example.com".to_owned(),
        sub: Uuid::from_u128(0xa1),
        aud: vec!["orders".to_owned()],
        exp: NOW + 900,
        iat: NOW,
        nbf: NOW,
        jti: Uuid::from_u128(0xb2),
        client_id: "laptop".to_owned(),
        scope: None,
        person: Some(Person {
            sid: Uuid::from_u128(0xc3),
            email: "ada@example.com".to_owned(),
            email_verified: true,
            roles: vec!["member".to_owned()],
            auth_time: NOW,
            amr: vec!["pwd".to_owned()],
        }),
    }
}

pub(crate) fn verifier() -> Verifier {
    Verifier::new("https://auth.example.com", "orders")
}

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Header and payload of a token of that algorithm.
pub(crate) fn signing_input(alg: &str) -> String {
    let header = json!({ "alg": alg, "kid": "k1", "typ": "at+jwt" }).to_string();
    format!("{}.{}", b64(header), b64(serde_json::to_string(&claims()).expect("claims")))
}

pub(crate) fn ed25519() -> (KeySet, String) {
    let pair = Ed25519KeyPair::generate().expect("a key pair");
    let input = signing_input("EdDSA");
    let token = format!("{input}.{}", b64(pair.sign(input.as_bytes())));
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": b64(pair.public_key()) });
    let key = VerifyingKey::from_jwk(&jwk).expect("a key");
    (KeySet::new([key]).expect("a set"), token)
}

/// That many sessions, and one person in a hundred.
pub(crate) fn filled(entries: usize) -> RevocationSet {
    let set = RevocationSet::new(SetLimits::default(), Arc::new(|| NOW));
    for n in 0..entries {
        let expires_at = NOW + 1 + (n % 900) as i64;
        let id = Uuid::from_u128(0x5eed_0000_0000 + n as u128);
        set.insert(match n % 100 {
            0 => Entry::User { sub: id, not_before: NOW, expires_at },
            _ => Entry::Session { sid: id, expires_at },
        });
    }
    assert_eq!(set.len(), entries);
    set
}

/// A set that is always up to date.
pub(crate) struct Fresh(pub(crate) RevocationSet, pub(crate) watch::Sender<u64>);

impl RevocationSource for Fresh {
    fn strikes(&self, claims: &Claims) -> bool {
        self.0.strikes(claims)
    }

    fn staleness(&self) -> Option<Duration> {
        Some(Duration::ZERO)
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.1.subscribe()
    }
}

pub(crate) fn layer(keys: KeySet, entries: usize) -> AuthLayer {
    let policy = PolicySet::default().route("POST", PATH, Access::default()).expect("a route");
    let source = Fresh(filled(entries), watch::Sender::new(0));
    AuthLayer::new(verifier(), Arc::new(Arc::new(keys)), Arc::new(policy), Arc::new(|| NOW))
        .revocations(Arc::new(source))
}

/// As a gRPC client sends it.
pub(crate) fn request(token: &str) -> http::Request<()> {
    http::Request::post(PATH)
        .header("content-type", "application/grpc")
        .header("user-agent", "tonic/0.14")
        .header("te", "trailers")
        .header("x-request-id", "018f0000-0000-7000-8000-000000000001")
        .header("authorization", format!("Bearer {token}"))
        .body(())
        .expect("a request")
}
