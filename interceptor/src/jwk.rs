//! One public JWK, checked before a crypto library sees it.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::DecodingKey;
use serde_json::{Map, Value};

use crate::{algorithm::Algorithm, key_error::KeyError};

const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The y of the Ed25519 points of small order, in little-endian without the sign
/// bit: under such a key, one signature fits many messages.
const SMALL_ORDER: [[u8; 32]; 7] = [
    [0; 32],
    ends(0x01, 0x00, 0x00),
    ends(0xec, 0xff, 0x7f),
    ends(0xed, 0xff, 0x7f),
    ends(0xee, 0xff, 0x7f),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf,
        0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20,
        0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

/// A public key, ready to verify, and the bytes that tell it from others.
pub(crate) struct PublicKey {
    pub(crate) key: DecodingKey,
    pub(crate) bytes: Vec<u8>,
}

impl PublicKey {
    /// Parsed once before: a point that is on no curve is found here, and not at the
    /// first signature.
    fn of(parsed: Result<ParsedPublicKey, impl Sized>, key: DecodingKey) -> Result<Self, KeyError> {
        let parsed = parsed.map_err(|_| KeyError::Material)?;
        Ok(Self { key, bytes: parsed.as_ref().to_vec() })
    }
}

pub(crate) fn read(jwk: &Value) -> Result<(String, Algorithm, PublicKey), KeyError> {
    let members = jwk.as_object().ok_or(KeyError::Shape)?;
    if text(members, "kty") == Some("oct") {
        return Err(KeyError::Symmetric);
    }
    if PRIVATE_MEMBERS.iter().any(|name| members.contains_key(*name)) {
        return Err(KeyError::Private);
    }
    let kid = text(members, "kid").ok_or(KeyError::Kid)?;
    check_use(members)?;
    let algorithm = algorithm(members)?;
    let key = match algorithm {
        Algorithm::EdDSA => ed25519(members)?,
        Algorithm::ES256 => p256(members)?,
        Algorithm::RS256 => rsa(members)?,
        Algorithm::HS256 => return Err(KeyError::Symmetric),
    };
    Ok((kid.to_owned(), algorithm, key))
}

fn check_use(members: &Map<String, Value>) -> Result<(), KeyError> {
    let signs = members.get("use").is_none_or(|use_| use_ == "sig");
    let verifies =
        members.get("key_ops").is_none_or(|ops| ops.as_array().is_some_and(|ops| ops.iter().any(|op| op == "verify")));
    if signs && verifies { Ok(()) } else { Err(KeyError::Use) }
}

fn algorithm(members: &Map<String, Value>) -> Result<Algorithm, KeyError> {
    let algorithm = match (text(members, "kty"), text(members, "crv")) {
        (Some("OKP"), Some("Ed25519")) => Algorithm::EdDSA,
        (Some("EC"), Some("P-256")) => Algorithm::ES256,
        (Some("RSA"), _) => Algorithm::RS256,
        _ => return Err(KeyError::Type),
    };
    if members.get("alg").is_none_or(|alg| alg == algorithm.as_str()) {
        Ok(algorithm)
    } else {
        Err(KeyError::Algorithm)
    }
}

fn ed25519(members: &Map<String, Value>) -> Result<PublicKey, KeyError> {
    let x: [u8; 32] = fixed(members, "x")?;
    let mut y = x;
    y[31] &= 0x7f;
    if SMALL_ORDER.contains(&y) {
        return Err(KeyError::Material);
    }
    PublicKey::of(ParsedPublicKey::new(&ED25519, x), DecodingKey::from_ed_der(&x))
}

fn p256(members: &Map<String, Value>) -> Result<PublicKey, KeyError> {
    let x: [u8; 32] = fixed(members, "x")?;
    let y: [u8; 32] = fixed(members, "y")?;
    const UNCOMPRESSED: u8 = 4;
    let point = [&[UNCOMPRESSED], &x[..], &y[..]].concat();
    PublicKey::of(ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point), DecodingKey::from_ec_der(&point))
}

fn rsa(members: &Map<String, Value>) -> Result<PublicKey, KeyError> {
    let n = unsigned(members, "n")?;
    let e = unsigned(members, "e")?;
    let bits = bit_length(&n);
    if !RSA_BITS.contains(&bits) {
        return Err(KeyError::RsaSize(bits));
    }
    // Four bytes hold every exponent in use (3, 17, 65537).
    let unfit = e.len() > 4 || e == [1];
    if unfit || is_even(&n) || is_even(&e) {
        return Err(KeyError::Material);
    }
    let key = DecodingKey::from_rsa_raw_components(&n, &e);
    let numbers = RsaPublicKeyComponents { n, e };
    PublicKey::of(numbers.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256), key)
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Value::as_str)
}

fn bytes(members: &Map<String, Value>, name: &str) -> Result<Vec<u8>, KeyError> {
    let encoded = text(members, name).ok_or(KeyError::Material)?;
    URL_SAFE_NO_PAD.decode(encoded).map_err(|_| KeyError::Material)
}

fn fixed<const N: usize>(members: &Map<String, Value>, name: &str) -> Result<[u8; N], KeyError> {
    bytes(members, name)?.try_into().map_err(|_| KeyError::Material)
}

// Base64urlUInt: big-endian without leading zeros (RFC 7518 section 2).
fn unsigned(members: &Map<String, Value>, name: &str) -> Result<Vec<u8>, KeyError> {
    bytes(members, name).and_then(|number| match number.first() {
        None | Some(0) => Err(KeyError::Material),
        Some(_) => Ok(number),
    })
}

fn bit_length(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

fn is_even(number: &[u8]) -> bool {
    number.last().is_none_or(|last| last % 2 == 0)
}

const fn ends(first: u8, middle: u8, last: u8) -> [u8; 32] {
    let mut y = [middle; 32];
    y[0] = first;
    y[31] = last;
    y
}
