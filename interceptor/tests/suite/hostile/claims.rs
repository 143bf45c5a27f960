//! Claims that are signed and yet not good enough.

use sekisho_interceptor::{Cause, Claims, Refusal};
use serde_json::{Value, json};

use super::{answer, invalid};
use crate::support::{AUDIENCE, Issuer, NOW, claims, payload_with, proven_at, verifier};

fn refuses(name: &str, values: &[Value], cause: Cause) {
    let issuer = Issuer::ed25519();
    for value in values {
        let token = issuer.payload(payload_with(name, Some(value.clone())));
        assert_eq!(answer(&issuer, &token), invalid(cause), "{name}: {value}");
    }
}

fn refuses_absent(name: &str, cause: Cause) {
    let issuer = Issuer::ed25519();
    let token = issuer.payload(payload_with(name, None));
    assert_eq!(answer(&issuer, &token), invalid(cause), "{name}");
}

fn at(now: i64, given: &Claims) -> Result<(), Refusal> {
    let issuer = Issuer::ed25519();
    verifier().verify(&issuer.issue(given), &issuer.keys(), now).map(|_| ())
}

#[test]
fn h39_iss_missing_or_ill_typed() {
    refuses_absent("iss", Cause::Issuer);
    let right = "https://auth.example";
    let values = [json!(null), json!(0), json!({ "iss": right }), json!([right]), json!("")];
    refuses("iss", &values, Cause::Issuer);
}

#[test]
fn h40_iss_that_only_looks_right() {
    let values = [
        "https://Auth.example",
        "https://auth.example/",
        "https://auth.example:443",
        "http://auth.example",
        "https://auth.example.evil",
        "https://\u{430}uth.example",
        " https://auth.example",
        "https://auth.example\0",
    ];
    refuses("iss", &values.map(Value::from), Cause::Issuer);
}

#[test]
fn h41_aud_missing_or_ill_typed() {
    refuses_absent("aud", Cause::Audience);
    let values = [
        json!(null),
        json!(0),
        json!({ "aud": AUDIENCE }),
        json!([]),
        json!([5, "other"]),
        json!([AUDIENCE, 5]),
        json!([[AUDIENCE]]),
        json!([null]),
    ];
    refuses("aud", &values, Cause::Audience);
}

#[test]
fn h42_aud_that_only_looks_right() {
    let values = ["*", "", "order", "orders2", "Orders", "orders stock", "orders,stock", " orders"];
    refuses("aud", &values.map(Value::from), Cause::Audience);
    refuses("aud", &[json!(["stock", "*"])], Cause::Audience);
}

#[test]
fn h16_aud_of_more_than_16() {
    refuses("aud", &[json!(vec![AUDIENCE; 17])], Cause::TooComplex);
}

#[test]
fn aud_that_names_us_among_others() {
    let two = Claims { aud: vec!["stock".to_owned(), AUDIENCE.to_owned()], ..claims() };
    let issuer = Issuer::ed25519();
    assert_eq!(answer(&issuer, &issuer.issue(&two)), Ok(two));
}

#[test]
fn h43_exp_missing_ill_typed_or_implausible() {
    refuses_absent("exp", Cause::Expiry);
    let values = [
        json!(null),
        json!("1800000900"),
        json!(-1),
        json!(1_800_000_900.5),
        json!(1.8e9),
        json!(1e18),
        json!(1_000_000_000_000_000_000_i64),
        json!(u64::MAX),
        json!([NOW + 900]),
    ];
    refuses("exp", &values, Cause::Expiry);
}

#[test]
fn h43_a_number_no_type_can_hold() {
    let issuer = Issuer::ed25519();
    let good = payload_with("x", None);
    let exp = format!("{}", NOW + 900);
    let long = issuer.payload(good.replace(&exp, &"9".repeat(40)));
    assert_eq!(answer(&issuer, &long), invalid(Cause::Expiry));
    let infinite = issuer.payload(good.replace(&exp, "1e999"));
    assert_eq!(answer(&issuer, &infinite), invalid(Cause::Malformed));
}

#[test]
fn h44_a_lifetime_over_the_limit() {
    refuses("exp", &[json!(NOW + 3601), json!(253_402_300_799_i64)], Cause::Lifetime);
    assert_eq!(at(NOW, &Claims { exp: NOW + 3600, ..claims() }), Ok(()));
}

#[test]
fn h44_a_lifetime_of_nothing_or_less() {
    refuses("exp", &[json!(NOW), json!(NOW - 1), json!(0)], Cause::Lifetime);
}

#[test]
fn h45_expired_from_the_second_of_exp_and_leeway() {
    let exp = claims().exp;
    assert_eq!(at(exp, &claims()), Ok(()));
    assert_eq!(at(exp + 4, &claims()), Ok(()));
    assert_eq!(at(exp + 5, &claims()), Err(Refusal::Expired));
    assert_eq!(at(i64::MAX, &claims()), Err(Refusal::Expired));
}

#[test]
fn h45_without_leeway_a_token_ends_at_exp() {
    let issuer = Issuer::ed25519();
    let strict = verifier().leeway_seconds(0);
    let (token, keys, exp) = (issuer.good(), issuer.keys(), claims().exp);
    assert_eq!(strict.verify(&token, &keys, exp - 1), Ok(claims()));
    assert_eq!(strict.verify(&token, &keys, exp), Err(Refusal::Expired));
}

#[test]
fn expired_only_if_nothing_else_is_wrong() {
    let stranger = Claims { aud: vec!["stock".to_owned()], ..claims() };
    assert_eq!(at(claims().exp + 60, &stranger), Err(Refusal::Invalid(Cause::Audience)));
}

#[test]
fn h46_nbf_iat_or_auth_time_in_the_future() {
    let later = NOW + 6;
    let not_yet = Err(Refusal::Invalid(Cause::NotYet));
    assert_eq!(at(NOW, &Claims { nbf: later, ..claims() }), not_yet);
    assert_eq!(at(NOW, &Claims { iat: later, ..claims() }), not_yet);
    assert_eq!(at(NOW, &proven_at(later, claims())), not_yet);
    assert_eq!(at(i64::MIN, &claims()), not_yet);
    let ahead = proven_at(NOW + 5, Claims { nbf: NOW + 5, iat: NOW + 5, ..claims() });
    assert_eq!(at(NOW, &ahead), Ok(()));
}

#[test]
fn h47_times_missing_or_ill_typed() {
    for name in ["iat", "nbf", "auth_time"] {
        refuses_absent(name, Cause::Claims);
        let values = [json!(null), json!("1800000000"), json!(-1), json!(1.5), json!(u64::MAX)];
        refuses(name, &values, Cause::Claims);
    }
}

#[test]
fn h47_h48_ids_missing_empty_ill_typed_or_too_long() {
    for name in ["sub", "jti", "sid"] {
        refuses_absent(name, Cause::Claims);
        let id = "00000000-0000-0000-0000-0000000000a1";
        let values = [
            json!(null),
            json!(""),
            json!(161),
            json!([id]),
            json!("a1"),
            json!("x".repeat(129)),
            json!(format!("{id} ")),
            json!(id.to_uppercase()),
            json!(format!("urn:uuid:{id}")),
        ];
        refuses(name, &values, Cause::Claims);
    }
}

#[test]
fn other_claims_missing_or_ill_typed() {
    for name in ["client_id", "email", "email_verified", "roles", "amr"] {
        refuses_absent(name, Cause::Claims);
        refuses(name, &[json!(null), json!(0), json!({})], Cause::Claims);
    }
    refuses("email_verified", &[json!("true"), json!(1)], Cause::Claims);
    refuses("roles", &[json!("admin"), json!(["buyer", 1])], Cause::Claims);
    refuses("amr", &[json!("pwd"), json!([["pwd"]])], Cause::Claims);
}

#[test]
fn h49_scope_ill_typed_or_ill_formed() {
    let values = [
        json!(null),
        json!(0),
        json!({ "orders:read": true }),
        json!(["orders:read"]),
        json!(""),
        json!("orders:read\tadmin"),
        json!("\"orders:read\""),
        json!("orders:read  admin"),
    ];
    refuses("scope", &values, Cause::Claims);
}

#[test]
fn h55_h56_a_token_bound_to_a_proof() {
    refuses("cnf", &[json!({ "jkt": "abc" }), json!({}), json!(null)], Cause::Bound);
}
