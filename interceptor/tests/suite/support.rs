//! An issuer that signs whatever it is told to.
#![expect(clippy::unwrap_used, reason = "a failure to set a test up is a failed test")]

use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaEncoding,
        RsaKeyPair,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sekisho_interceptor::{Claims, KeySet, Person, Verifier, VerifyingKey};
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) const NOW: i64 = 1_800_000_000;
pub(crate) const KID: &str = "k1";
pub(crate) const ISSUER: &str = "https://auth.example";
pub(crate) const AUDIENCE: &str = "orders";

pub(crate) fn verifier() -> Verifier {
    Verifier::new(ISSUER, AUDIENCE)
}

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Claims that are good at [`NOW`].
pub(crate) fn claims() -> Claims {
    Claims {
        iss: ISSUER.to_owned(),
        sub: Uuid::from_u128(0xa1),
        aud: vec![AUDIENCE.to_owned()],
        exp: NOW + 900,
        iat: NOW,
        nbf: NOW,
        jti: Uuid::from_u128(0xb2),
        client_id: "web".to_owned(),
        scope: Some("orders:read orders:write".to_owned()),
        person: Some(person()),
    }
}

pub(crate) fn person() -> Person {
    Person {
        sid: Uuid::from_u128(0xc3),
        email: "taro@example.jp".to_owned(),
        email_verified: true,
        roles: vec!["buyer".to_owned()],
        auth_time: NOW - 60,
        amr: vec!["pwd".to_owned()],
    }
}

/// The same claims, of somebody who proved who they are at another time.
pub(crate) fn proven_at(auth_time: i64, claims: Claims) -> Claims {
    Claims { person: Some(Person { auth_time, ..person() }), ..claims }
}

/// The same as JSON, with `name` set, or left out if `value` is `None`.
pub(crate) fn payload_with(name: &str, value: Option<Value>) -> String {
    with(serde_json::to_value(claims()).unwrap(), name, value)
}

pub(crate) fn with(mut object: Value, name: &str, value: Option<Value>) -> String {
    let members = object.as_object_mut().unwrap();
    members.remove(name);
    members.extend(value.map(|value| (name.to_owned(), value)));
    object.to_string()
}

pub(crate) enum Issuer {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair),
    Hmac([u8; 32]),
}

impl Issuer {
    pub(crate) fn ed25519() -> Self {
        Self::Ed25519(Ed25519KeyPair::generate().unwrap())
    }

    pub(crate) fn p256() -> Self {
        Self::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub(crate) fn rsa() -> Self {
        Self::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    pub(crate) fn hmac() -> Self {
        let mut secret = [0; 32];
        aws_lc_rs::rand::fill(&mut secret).unwrap();
        Self::Hmac(secret)
    }

    pub(crate) fn each() -> [Self; 4] {
        [Self::ed25519(), Self::p256(), Self::rsa(), Self::hmac()]
    }

    pub(crate) fn alg(&self) -> &'static str {
        match self {
            Self::Ed25519(_) => "EdDSA",
            Self::P256(_) => "ES256",
            Self::Rsa(_) => "RS256",
            Self::Hmac(_) => "HS256",
        }
    }

    pub(crate) fn jwk(&self) -> Value {
        let mut jwk = match self {
            Self::Ed25519(key) => {
                json!({ "kty": "OKP", "crv": "Ed25519", "x": b64(key.public_key()) })
            }
            Self::P256(key) => {
                let point = key.public_key().as_ref();
                json!({ "kty": "EC", "crv": "P-256", "x": b64(&point[1..33]), "y": b64(&point[33..]) })
            }
            Self::Rsa(key) => {
                let (modulus, exponent) = rsa_numbers(key.public_key().as_ref());
                json!({ "kty": "RSA", "n": b64(modulus), "e": b64(exponent) })
            }
            Self::Hmac(secret) => json!({ "kty": "oct", "k": b64(secret) }),
        };
        jwk["kid"] = KID.into();
        jwk["alg"] = self.alg().into();
        jwk["use"] = "sig".into();
        jwk
    }

    pub(crate) fn keys(&self) -> KeySet {
        match self {
            Self::Hmac(secret) => KeySet::new([VerifyingKey::hs256(KID, secret).unwrap()]).unwrap(),
            public => KeySet::from_jwks(&json!({ "keys": [public.jwk()] })).unwrap(),
        }
    }

    pub(crate) fn header(&self) -> Value {
        json!({ "alg": self.alg(), "kid": KID, "typ": "at+jwt" })
    }

    /// A token that is good at [`NOW`].
    pub(crate) fn good(&self) -> String {
        self.issue(&claims())
    }

    pub(crate) fn issue(&self, claims: &Claims) -> String {
        self.token(self.header().to_string(), serde_json::to_string(claims).unwrap())
    }

    /// A good header over this payload.
    pub(crate) fn payload(&self, payload: impl AsRef<[u8]>) -> String {
        self.token(self.header().to_string(), payload)
    }

    /// The good header but for one member, over good claims.
    pub(crate) fn header_with(&self, name: &str, value: Option<Value>) -> String {
        self.token(with(self.header(), name, value), serde_json::to_string(&claims()).unwrap())
    }

    pub(crate) fn token(&self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        self.over(&format!("{}.{}", b64(header), b64(payload)))
    }

    /// Signs any signing input at all.
    pub(crate) fn over(&self, input: &str) -> String {
        format!("{input}.{}", b64(self.sign(input.as_bytes())))
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.sign(message).as_ref().to_vec(),
            Self::P256(key) => key.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Self::Rsa(key) => rsa_sign(key, &RSA_PKCS1_SHA256, message),
            Self::Hmac(secret) => hmac_sign(secret, message),
        }
    }
}

pub(crate) fn hmac_sign(secret: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec()
}

pub(crate) fn rsa_sign(key: &RsaKeyPair, padding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(padding, &SystemRandom::new(), message, &mut signature).unwrap();
    signature
}

/// The numbers of a DER `RSAPublicKey` of 2048 bits, whose layout is fixed.
fn rsa_numbers(der: &[u8]) -> (&[u8], &[u8]) {
    assert_eq!(&der[..9], b"\x30\x82\x01\x0a\x02\x82\x01\x01\x00");
    assert_eq!(&der[265..267], b"\x02\x03");
    (&der[9..265], &der[267..])
}
