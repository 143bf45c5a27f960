//! Keys that must not get into a set.

use sekisho_interceptor::{Algorithm, KeyError, KeySet, VerifyingKey};
use serde_json::{Value, json};

use crate::support::{Issuer, b64};

fn fault(jwk: &Value) -> Option<KeyError> {
    VerifyingKey::from_jwk(jwk).err()
}

fn fault_with(issuer: &Issuer, name: &str, value: Value) -> Option<KeyError> {
    let mut jwk = issuer.jwk();
    jwk[name] = value;
    fault(&jwk)
}

#[test]
fn a_public_key_of_each_type_is_read() {
    let expected = [Algorithm::EdDSA, Algorithm::ES256, Algorithm::RS256];
    for (issuer, algorithm) in [Issuer::ed25519(), Issuer::p256(), Issuer::rsa()].iter().zip(expected) {
        let read = VerifyingKey::from_jwk(&issuer.jwk()).map(|key| (key.kid().to_owned(), key.algorithm()));
        assert_eq!(read, Ok(("k1".to_owned(), algorithm)));
    }
}

#[test]
fn h35_a_symmetric_key() {
    assert_eq!(fault(&Issuer::hmac().jwk()), Some(KeyError::Symmetric));
}

#[test]
fn h35_private_members() {
    for name in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        let seen = fault_with(&Issuer::ed25519(), name, json!("AQAB"));
        assert_eq!(seen, Some(KeyError::Private), "{name}");
    }
}

#[test]
fn h35_kid_missing_empty_or_too_long() {
    let mut without = Issuer::ed25519().jwk();
    without.as_object_mut().map(|members| members.remove("kid"));
    assert_eq!(fault(&without), Some(KeyError::Kid));
    for kid in [json!(null), json!(1), json!(""), json!("k".repeat(129))] {
        assert_eq!(fault_with(&Issuer::ed25519(), "kid", kid), Some(KeyError::Kid));
    }
}

#[test]
fn h35_not_for_verifying_signatures() {
    let key = Issuer::ed25519();
    for use_ in [json!("enc"), json!("SIG"), json!(null)] {
        assert_eq!(fault_with(&key, "use", use_), Some(KeyError::Use));
    }
    for ops in [json!(["sign"]), json!([]), json!("verify")] {
        assert_eq!(fault_with(&key, "key_ops", ops), Some(KeyError::Use));
    }
    assert_eq!(fault_with(&key, "key_ops", json!(["verify"])), None);
}

#[test]
fn h20_alg_that_does_not_fit() {
    for (issuer, alg) in [
        (Issuer::rsa(), "PS256"),
        (Issuer::rsa(), "RS512"),
        (Issuer::p256(), "ES384"),
        (Issuer::ed25519(), "HS256"),
        (Issuer::ed25519(), "none"),
    ] {
        assert_eq!(fault_with(&issuer, "alg", json!(alg)), Some(KeyError::Algorithm), "{alg}");
    }
}

#[test]
fn h21_curves_of_other_algorithms() {
    for curve in ["P-384", "P-521", "secp256k1", "Ed25519"] {
        assert_eq!(fault_with(&Issuer::p256(), "crv", json!(curve)), Some(KeyError::Type), "{curve}");
    }
    for curve in ["X25519", "Ed448", "P-256"] {
        assert_eq!(fault_with(&Issuer::ed25519(), "crv", json!(curve)), Some(KeyError::Type), "{curve}");
    }
    assert_eq!(fault_with(&Issuer::ed25519(), "kty", json!("AKP")), Some(KeyError::Type));
}

#[test]
fn h23_ed25519_points_of_small_order() {
    let mut identity = [0; 32];
    identity[0] = 1;
    let mut signed = identity;
    signed[31] = 0x80;
    for point in [[0; 32], identity, signed] {
        assert_eq!(fault_with(&Issuer::ed25519(), "x", json!(b64(point))), Some(KeyError::Material));
    }
}

#[test]
fn coordinates_of_the_wrong_length() {
    for length in [0, 31, 33] {
        let short = json!(b64(vec![9; length]));
        assert_eq!(fault_with(&Issuer::ed25519(), "x", short.clone()), Some(KeyError::Material));
        assert_eq!(fault_with(&Issuer::p256(), "x", short.clone()), Some(KeyError::Material));
        assert_eq!(fault_with(&Issuer::p256(), "y", short), Some(KeyError::Material));
    }
    assert_eq!(fault_with(&Issuer::ed25519(), "x", json!("?")), Some(KeyError::Material));
    assert_eq!(fault_with(&Issuer::ed25519(), "x", json!(null)), Some(KeyError::Material));
}

#[test]
fn h35_rsa_of_the_wrong_size() {
    let modulus = |bytes: usize| json!(b64(vec![0xff; bytes]));
    assert_eq!(fault_with(&Issuer::rsa(), "n", modulus(128)), Some(KeyError::RsaSize(1024)));
    assert_eq!(fault_with(&Issuer::rsa(), "n", modulus(1025)), Some(KeyError::RsaSize(8200)));
    let mut just_under = vec![0xff; 256];
    just_under[0] = 0x7f;
    assert_eq!(fault_with(&Issuer::rsa(), "n", json!(b64(just_under))), Some(KeyError::RsaSize(2047)));
}

#[test]
fn h35_rsa_exponents_that_are_weak() {
    for e in [&[1][..], &[2], &[0x01, 0x00, 0x00], &[], &[0], &[0, 1, 0, 1], &[1, 0, 0, 0, 1]] {
        assert_eq!(fault_with(&Issuer::rsa(), "e", json!(b64(e))), Some(KeyError::Material), "{e:?}");
    }
    assert_eq!(fault_with(&Issuer::rsa(), "e", json!(b64([3]))), None);
}

#[test]
fn a_set_is_taken_whole_or_not_at_all() {
    let good = Issuer::ed25519().jwk();
    let seen = KeySet::from_jwks(&json!({ "keys": [good, Issuer::hmac().jwk()] })).err();
    assert_eq!(seen, Some(KeyError::InSet { index: 1, fault: Box::new(KeyError::Symmetric) }));
}

#[test]
fn h35_a_kid_given_twice() {
    let set = json!({ "keys": [Issuer::ed25519().jwk(), Issuer::p256().jwk()] });
    assert_eq!(KeySet::from_jwks(&set).err(), Some(KeyError::DuplicateKid("k1".to_owned())));
}

#[test]
fn what_is_no_set() {
    for set in [json!(null), json!([]), json!({}), json!({ "keys": {} })] {
        assert_eq!(KeySet::from_jwks(&set).err(), Some(KeyError::Shape), "{set}");
    }
    assert_eq!(KeySet::from_jwks(&json!({ "keys": [] })).err(), Some(KeyError::Empty));
}

#[test]
fn a_short_secret() {
    assert_eq!(VerifyingKey::hs256("k1", &[7; 31]).err(), Some(KeyError::ShortSecret));
    assert_eq!(VerifyingKey::hs256("", &[7; 32]).err(), Some(KeyError::Kid));
}

#[test]
fn debug_shows_kid_and_algorithm_only() {
    let shown = VerifyingKey::hs256("k1", b"0123456789abcdef0123456789abcdef").map(|key| format!("{key:?}"));
    assert_eq!(shown, Ok(r#"VerifyingKey { kid: "k1", alg: HS256, .. }"#.to_owned()));
}
