//! Tokens that anybody could send: as they are, and rightly signed over any claims.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use sekisho_interceptor::{KeySet, Verifier, strict_json, testing::TestIssuer};

const NOW: i64 = 1_800_000_000;

static ISSUER: LazyLock<TestIssuer> =
    LazyLock::new(|| TestIssuer::seeded("http://localhost", Arc::new(|| NOW), [7; 32]).expect("an issuer"));
static KEYS: LazyLock<KeySet> = LazyLock::new(|| ISSUER.keys());

fuzz_target!(|bytes: &[u8]| {
    let verifier = Verifier::new("http://localhost", "orders");
    if let Ok(token) = std::str::from_utf8(bytes) {
        assert!(verifier.verify(token, &KEYS, NOW).is_err(), "a forged token was taken");
    }
    // Any one claim at all, under a good signature.
    let (name, value) = bytes.split_at(bytes.iter().position(|byte| *byte == b'=').unwrap_or(0));
    if let (Ok(name), Some(Ok(value))) = (
        std::str::from_utf8(name),
        value.get(1..).map(|value| strict_json::parse(value, strict_json::Limits::TOKEN)),
    ) {
        let token = ISSUER.service("fuzz").audience("orders").claim(name, Some(value)).sign();
        if let Ok(claims) = verifier.verify(&token, &KEYS, NOW) {
            assert_eq!(claims.iss, "http://localhost");
            assert!(claims.aud.iter().any(|audience| audience == "orders"));
            assert!(claims.exp > NOW - 6 && claims.exp - claims.iat <= 3_600);
        }
    }
});
