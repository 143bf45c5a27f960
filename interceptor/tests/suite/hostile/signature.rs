//! Signatures that are not the key's over these bytes.

use aws_lc_rs::signature::{RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256};
use sekisho_interceptor::Cause;
use serde_json::json;

use super::{answer, invalid};
use crate::support::{Issuer, b64, claims, hmac_sign, payload_with, rsa_sign};

/// Replaces the signature of a good token.
fn resigned(issuer: &Issuer, forge: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let input = format!("{}.{}", b64(issuer.header().to_string()), b64(payload_with("x", None)));
    format!("{input}.{}", b64(forge(input.as_bytes())))
}

fn refuses(issuer: &Issuer, forge: impl Fn(&[u8]) -> Vec<u8>) {
    let token = resigned(issuer, forge);
    assert_eq!(answer(issuer, &token), invalid(Cause::Signature), "{}", issuer.alg());
}

/// DER SEQUENCE of the two INTEGERs of a fixed-width signature.
fn der(fixed: &[u8]) -> Vec<u8> {
    let integer = |bytes: &[u8]| {
        let mut value: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
        if value.first().is_none_or(|first| *first >= 0x80) {
            value.insert(0, 0);
        }
        [&[2, value.len() as u8][..], &value].concat()
    };
    let body = [integer(&fixed[..32]), integer(&fixed[32..])].concat();
    [&[0x30, body.len() as u8][..], &body].concat()
}

/// The order of P-256's group, big-endian.
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// The order of Ed25519's group, little-endian.
const ED25519_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

#[test]
fn another_key_of_the_same_type() {
    for (issuer, other) in Issuer::each().iter().zip(Issuer::each()) {
        refuses(issuer, |input| other.sign(input));
    }
}

#[test]
fn h22_wrong_length_or_trailing_zeros() {
    for issuer in Issuer::each() {
        refuses(&issuer, |input| [issuer.sign(input), vec![0]].concat());
        refuses(&issuer, |input| issuer.sign(input)[1..].to_vec());
        refuses(&issuer, |input| vec![0; issuer.sign(input).len()]);
        refuses(&issuer, |_| vec![0]);
    }
}

#[test]
fn the_signature_of_another_payload() {
    for issuer in Issuer::each() {
        let good = issuer.good();
        let signature = good.rsplit('.').next().unwrap_or_default();
        let input =
            format!("{}.{}", b64(issuer.header().to_string()), b64(payload_with("roles", Some(json!(["admin"])))),);
        let token = format!("{input}.{signature}");
        assert_eq!(answer(&issuer, &token), invalid(Cause::Signature), "{}", issuer.alg());
    }
}

#[test]
fn claims_are_not_read_before_the_signature() {
    let (issuer, other) = (Issuer::ed25519(), Issuer::ed25519());
    let token = other.payload("not even JSON");
    assert_eq!(answer(&issuer, &token), invalid(Cause::Signature));
}

#[test]
fn h22_ecdsa_r_or_s_zero_or_beyond_the_order() {
    let issuer = Issuer::p256();
    for number in [[0; 32], P256_ORDER, [0xff; 32]] {
        refuses(&issuer, |input| [&number, &issuer.sign(input)[32..]].concat());
        refuses(&issuer, |input| [&issuer.sign(input)[..32], &number].concat());
    }
}

#[test]
fn h22_ecdsa_in_der() {
    let issuer = Issuer::p256();
    refuses(&issuer, |input| der(&issuer.sign(input)));
}

#[test]
fn h23_ed25519_s_that_is_not_reduced() {
    let issuer = Issuer::ed25519();
    refuses(&issuer, |input| {
        let mut signature = issuer.sign(input);
        let mut carry = 0;
        for (byte, order) in signature[32..].iter_mut().zip(ED25519_ORDER) {
            let sum = u16::from(*byte) + u16::from(order) + carry;
            *byte = (sum & 0xff) as u8;
            carry = sum >> 8;
        }
        signature
    });
}

#[test]
fn h24_rsa_with_another_padding_or_hash() {
    let issuer = Issuer::rsa();
    let Issuer::Rsa(key) = &issuer else { panic!("not an RSA issuer") };
    refuses(&issuer, |input| rsa_sign(key, &RSA_PSS_SHA256, input));
    refuses(&issuer, |input| rsa_sign(key, &RSA_PKCS1_SHA384, input));
    refuses(&issuer, |input| rsa_sign(key, &RSA_PKCS1_SHA512, input));
}

#[test]
fn hmac_with_an_empty_or_shortened_secret() {
    let issuer = Issuer::hmac();
    let Issuer::Hmac(secret) = &issuer else { panic!("not an HMAC issuer") };
    refuses(&issuer, |input| hmac_sign(b"", input));
    refuses(&issuer, |input| hmac_sign(&secret[..31], input));
    refuses(&issuer, |input| hmac_sign(secret, input)[..16].to_vec());
    let token = resigned(&issuer, |input| hmac_sign(secret, input));
    assert_eq!(answer(&issuer, &token), Ok(claims()));
}
