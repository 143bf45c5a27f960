//! The header: algorithm, key and type.

use sekisho_interceptor::{Cause, KeySet, VerifyingKey};
use serde_json::{Value, json};

use super::{answer, invalid};
use crate::support::{Issuer, NOW, b64, claims, hmac_sign, payload_with, verifier};

fn refuses(name: &str, values: &[Option<Value>], cause: Cause) {
    let issuer = Issuer::ed25519();
    for value in values {
        let token = issuer.header_with(name, value.clone());
        assert_eq!(answer(&issuer, &token), invalid(cause), "{name}: {value:?}");
    }
}

fn texts(texts: &[&str]) -> Vec<Option<Value>> {
    texts.iter().map(|text| Some(json!(text))).collect()
}

#[test]
fn h17_alg_none_in_any_spelling() {
    refuses("alg", &texts(&["none", "None", "nOnE", "NONE", ""]), Cause::Algorithm);
    let issuer = Issuer::ed25519();
    let header = json!({ "alg": "none", "kid": "k1", "typ": "at+jwt" }).to_string();
    let unsigned = format!("{}.{}.", b64(header), b64(payload_with("x", None)));
    assert_eq!(answer(&issuer, &unsigned), invalid(Cause::Malformed));
}

#[test]
fn h17_alg_absent_or_not_a_string() {
    refuses("alg", &[None, Some(json!(0)), Some(json!(null)), Some(json!(["EdDSA"]))], Cause::Algorithm);
}

#[test]
fn h19_alg_outside_the_list() {
    let names = ["HS384", "HS512", "RS384", "PS256", "ES384", "ES256K", "Ed25519", "eddsa", "EdDSA "];
    refuses("alg", &texts(&names), Cause::Algorithm);
}

#[test]
fn h21_alg_of_another_key_type() {
    for issuer in Issuer::each() {
        for alg in ["EdDSA", "ES256", "RS256", "HS256"] {
            if alg != issuer.alg() {
                let token = issuer.header_with("alg", Some(json!(alg)));
                let seen = answer(&issuer, &token);
                assert_eq!(seen, invalid(Cause::Algorithm), "{alg} on {}", issuer.alg());
            }
        }
    }
}

#[test]
fn h18_hs256_keyed_with_the_public_key() {
    for issuer in [Issuer::ed25519(), Issuer::p256(), Issuer::rsa()] {
        let jwk = issuer.jwk();
        let raw = jwk["x"].as_str().or(jwk["n"].as_str()).unwrap_or_default();
        for secret in [jwk.to_string(), raw.to_owned()] {
            let header = json!({ "alg": "HS256", "kid": "k1", "typ": "at+jwt" }).to_string();
            let input = format!("{}.{}", b64(header), b64(payload_with("x", None)));
            let mac = b64(hmac_sign(secret.as_bytes(), input.as_bytes()));
            let token = format!("{input}.{mac}");
            assert_eq!(answer(&issuer, &token), invalid(Cause::Algorithm), "{}", issuer.alg());
        }
    }
}

#[test]
fn h20_ps256_token_with_an_rs256_key() {
    let issuer = Issuer::rsa();
    let token = issuer.header_with("alg", Some(json!("PS256")));
    assert_eq!(answer(&issuer, &token), invalid(Cause::Algorithm));
}

#[test]
fn h14_a_repeated_header_known_or_unknown() {
    let issuer = Issuer::ed25519();
    for extra in [r#""alg":"EdDSA""#, r#""kid":"k1""#, r#""x":1,"x":1"#, r#""\u0061lg":"none""#] {
        let header = issuer.header().to_string().replacen('{', &format!("{{{extra},"), 1);
        let token = issuer.token(header, payload_with("x", None));
        assert_eq!(answer(&issuer, &token), invalid(Cause::DuplicateMember), "{extra}");
    }
}

#[test]
fn h25_h26_crit_of_any_kind() {
    let values = [
        json!(["exp"]),
        json!(["x-unknown"]),
        json!([]),
        json!("exp"),
        json!(null),
        json!(["alg"]),
        json!(["b64", "b64"]),
    ];
    refuses("crit", &values.map(Some), Cause::Critical);
}

#[test]
fn h27_headers_that_change_what_is_verified() {
    refuses("b64", &[Some(json!(false)), Some(json!(true))], Cause::UnsupportedHeader);
    refuses("zip", &texts(&["DEF"]), Cause::UnsupportedHeader);
    refuses("cty", &texts(&["JWT"]), Cause::UnsupportedHeader);
}

#[test]
fn h28_headers_that_bring_a_key() {
    let attacker = Issuer::ed25519();
    refuses("jwk", &[Some(attacker.jwk())], Cause::UnsupportedHeader);
    for name in ["jku", "x5u", "x5t", "x5t#S256"] {
        refuses(name, &texts(&["https://evil.example/keys"]), Cause::UnsupportedHeader);
    }
    refuses("x5c", &[Some(json!(["MIIB"]))], Cause::UnsupportedHeader);
}

#[test]
fn h28_a_key_brought_along_does_not_verify_its_own_token() {
    let (issuer, attacker) = (Issuer::ed25519(), Issuer::ed25519());
    let token = attacker.header_with("jwk", Some(attacker.jwk()));
    assert_eq!(answer(&issuer, &token), invalid(Cause::UnsupportedHeader));
}

#[test]
fn h29_kid_absent_even_with_one_key() {
    refuses("kid", &[None, Some(json!("")), Some(json!(1)), Some(json!(["k1"]))], Cause::Key);
}

#[test]
fn h30_kid_unknown() {
    refuses("kid", &texts(&["k2", "K1", "k1 ", "k"]), Cause::Key);
}

#[test]
fn h32_kid_that_is_a_path_a_query_or_a_nul() {
    let kids = ["../../dev/null", "k1' OR '1'='1", "https://evil.example", "k1\0", "\0"];
    refuses("kid", &texts(&kids), Cause::Key);
}

#[test]
fn h32_kid_over_128_bytes() {
    refuses("kid", &texts(&[&"k".repeat(129), &"あ".repeat(43)]), Cause::Malformed);
    refuses("kid", &texts(&[&"k".repeat(128)]), Cause::Key);
}

#[test]
fn h34_kid_of_another_key_in_the_set() -> Result<(), Box<dyn std::error::Error>> {
    let (first, second) = (Issuer::ed25519(), Issuer::ed25519());
    let mut other = second.jwk();
    other["kid"] = "k2".into();
    let keys = KeySet::new([VerifyingKey::from_jwk(&first.jwk())?, VerifyingKey::from_jwk(&other)?])?;
    let own = first.header_with("kid", Some(json!("k1")));
    let crossed = first.header_with("kid", Some(json!("k2")));
    assert_eq!(verifier().verify(&own, &keys, NOW), Ok(claims()));
    assert_eq!(verifier().verify(&crossed, &keys, NOW), invalid(Cause::Signature));
    Ok(())
}

#[test]
fn h37_h38_typ_absent_or_of_another_token() {
    let others = [
        "JWT",
        "jwt",
        "dpop+jwt",
        "logout+jwt",
        "secevent+jwt",
        "refresh+jwt",
        "id+jwt",
        "",
        "at+jwt ",
        "at+jwt;v=1",
        "text/at+jwt",
        "application/jwt",
    ];
    refuses("typ", &texts(&others), Cause::Type);
    refuses("typ", &[None, Some(json!(["at+jwt"])), Some(json!(null))], Cause::Type);
}

#[test]
fn typ_is_a_media_type() {
    let issuer = Issuer::ed25519();
    for typ in ["AT+JWT", "application/at+jwt", "Application/AT+jwt"] {
        let token = issuer.header_with("typ", Some(json!(typ)));
        assert_eq!(answer(&issuer, &token), Ok(claims()), "{typ}");
    }
}
