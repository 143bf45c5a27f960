//! Damage without a plan: nothing of it may verify, and nothing may panic.

use proptest::prelude::*;
use sekisho_interceptor::{Cause, KeySet, Refusal};

use crate::support::{Issuer, NOW, b64, verifier};

fn assert_invalid(token: &str, keys: &KeySet, what: &str) {
    let seen = verifier().verify(token, keys, NOW);
    assert!(matches!(seen, Err(Refusal::Invalid(_))), "{what}: {seen:?}");
}

#[test]
fn h70_truncated_at_every_byte() {
    for issuer in Issuer::each() {
        let (good, keys) = (issuer.good(), issuer.keys());
        for end in 0..good.len() {
            assert_invalid(&good[..end], &keys, &format!("{} up to {end}", issuer.alg()));
        }
    }
}

#[test]
fn h70_every_bit_flipped() {
    let issuer = Issuer::ed25519();
    let (good, keys) = (issuer.good(), issuer.keys());
    for at in 0..good.len() {
        // The eighth bit would leave UTF-8, which is refused before it gets here.
        for bit in 0..7 {
            let mut bytes = good.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let Ok(token) = String::from_utf8(bytes) else {
                continue;
            };
            assert_invalid(&token, &keys, &format!("bit {bit} of byte {at}"));
        }
    }
}

#[test]
fn h70_spliced_from_two_good_tokens() {
    let (issuer, other) = (Issuer::ed25519(), Issuer::ed25519());
    let (ours, theirs) = (issuer.good(), other.good());
    let (input, _) = ours.rsplit_once('.').unwrap_or_default();
    let (_, signature) = theirs.rsplit_once('.').unwrap_or_default();
    let seen = verifier().verify(&format!("{input}.{signature}"), &issuer.keys(), NOW);
    assert_eq!(seen, Err(Refusal::Invalid(Cause::Signature)));
}

#[test]
fn an_empty_key_set_verifies_nothing() {
    let seen = verifier().verify(&Issuer::ed25519().good(), &KeySet::default(), NOW);
    assert_eq!(seen, Err(Refusal::Invalid(Cause::Key)));
}

proptest! {
    #[test]
    fn h70_any_text(token in ".{0,400}") {
        let seen = verifier().verify(&token, &KeySet::default(), NOW);
        prop_assert!(matches!(seen, Err(Refusal::Invalid(_))), "{:?}", seen);
    }

    #[test]
    fn h70_any_three_segments(header in any::<Vec<u8>>(), payload in any::<Vec<u8>>()) {
        let issuer = Issuer::ed25519();
        let seen = verifier().verify(&issuer.token(header, payload), &issuer.keys(), NOW);
        prop_assert!(matches!(seen, Err(Refusal::Invalid(_))), "{:?}", seen);
    }

    #[test]
    fn h70_any_signed_payload(payload in r#"\{("(iss|aud|exp|x)":("a"|0|\[\]|\{\}|null),?){0,6}\}"#) {
        let issuer = Issuer::ed25519();
        let seen = verifier().verify(&issuer.payload(payload), &issuer.keys(), NOW);
        prop_assert!(matches!(seen, Err(Refusal::Invalid(_))), "{:?}", seen);
    }

    #[test]
    fn h70_any_signature(signature in any::<[u8; 64]>()) {
        let issuer = Issuer::ed25519();
        let good = issuer.good();
        let (input, _) = good.rsplit_once('.').unwrap_or_default();
        let token = format!("{input}.{}", b64(signature));
        let seen = verifier().verify(&token, &issuer.keys(), NOW);
        prop_assert_eq!(seen, Err(Refusal::Invalid(Cause::Signature)));
    }
}
