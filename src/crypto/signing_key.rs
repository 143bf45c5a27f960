//! One key that signs access tokens.

use aws_lc_rs::{
    encoding::AsDer,
    error::Unspecified,
    rsa::KeySize,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair},
};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD as BASE64_URL},
};
use jsonwebtoken::{EncodingKey, Header, jwk::Jwk};
use sekisho_interceptor::{Algorithm, Claims, TOKEN_TYPE, VerifyingKey};
use zeroize::Zeroizing;

use super::{Secrets, signer};
use crate::{domain::Timestamp, entropy::Entropy, error::Error, storage::signing_keys::SealedKey};

/// A private key, ready to sign, and its public half.
pub(super) struct SigningKey {
    pub(super) active_at: Timestamp,
    pub(super) verifying: VerifyingKey,
    /// `None` for HS256, whose key is not for publication.
    pub(super) public_jwk: Option<serde_json::Value>,
    algorithm: jsonwebtoken::Algorithm,
    kid: String,
    /// As it stands in every token.
    header: String,
    private: EncodingKey,
}

impl SigningKey {
    /// The key that is shared with the siblings by other means.
    pub(super) fn hs256(secret: &[u8]) -> Result<Self, Error> {
        let kid = kid_of(secret);
        Ok(Self {
            verifying: VerifyingKey::hs256(&kid, secret).map_err(Error::internal)?,
            public_jwk: None,
            algorithm: jsonwebtoken::Algorithm::HS256,
            header: header(Algorithm::HS256, &kid)?,
            private: EncodingKey::from_secret(secret),
            active_at: Timestamp::default(),
            kid,
        })
    }

    /// Opens a key from the store.
    pub(super) fn open(stored: &SealedKey, secrets: &Secrets) -> Result<Self, Error> {
        let algorithm = Algorithm::parse(&stored.alg).ok_or_else(|| unusable(stored, "unknown algorithm"))?;
        let der = secrets
            .open(&stored.sealed, &stored.public_jwk)
            .ok_or_else(|| unusable(stored, "it was sealed under another SEKISHO_SECRET"))?;
        let jwk: serde_json::Value = serde_json::from_str(&stored.public_jwk).map_err(Error::internal)?;
        Ok(Self {
            active_at: stored.active_at,
            verifying: VerifyingKey::from_jwk(&jwk).map_err(Error::internal)?,
            public_jwk: Some(jwk),
            algorithm: signing_algorithm(algorithm),
            header: header(algorithm, &stored.kid)?,
            private: encoding_key(algorithm, &der)?,
            kid: stored.kid.clone(),
        })
    }

    /// Signs an access token.
    pub(super) fn sign(&self, claims: &Claims) -> Result<String, Error> {
        let mut token = self.header.clone();
        token.push('.');
        BASE64_URL.encode_string(serde_json::to_vec(claims).map_err(Error::internal)?, &mut token);
        let signature = signer::sign(&self.kid, self.algorithm, &self.private, token.as_bytes())?;
        token.push('.');
        BASE64_URL.encode_string(signature, &mut token);
        Ok(token)
    }
}

/// Makes a new key pair and seals it.
pub(super) fn generate(
    algorithm: Algorithm,
    secrets: &Secrets,
    entropy: &dyn Entropy,
    created_at: Timestamp,
    active_at: Timestamp,
) -> Result<SealedKey, Error> {
    let der = private_der(algorithm).map_err(|_| Error::internal("no key pair could be made"))?;
    let mut jwk = Jwk::from_encoding_key(&encoding_key(algorithm, &der)?, signing_algorithm(algorithm))
        .map_err(Error::internal)?;
    let kid = jwk.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256).map_err(Error::internal)?;
    jwk.common.key_id = Some(kid.clone());
    jwk.common.public_key_use = Some(jsonwebtoken::jwk::PublicKeyUse::Signature);
    let public_jwk = serde_json::to_string(&jwk).map_err(Error::internal)?;
    let sealed = secrets.seal(&der, &public_jwk, entropy).ok_or_else(|| Error::internal("sealing failed"))?;
    Ok(SealedKey { kid, alg: algorithm.as_str().to_owned(), public_jwk, sealed, created_at, active_at })
}

/// The key sealed under the current secret; `None` if it is already, or cannot
/// be opened.
pub(super) fn resealed(stored: &SealedKey, secrets: &Secrets, entropy: &dyn Entropy) -> Option<Vec<u8>> {
    if secrets.is_current(&stored.sealed) {
        return None;
    }
    let der = secrets.open(&stored.sealed, &stored.public_jwk)?;
    secrets.seal(&der, &stored.public_jwk, entropy)
}

/// PKCS #8 (RFC 5208), version 1.
fn private_der(algorithm: Algorithm) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    let rng = aws_lc_rs::rand::SystemRandom::new();
    let der = match algorithm {
        Algorithm::EdDSA => Ed25519KeyPair::generate()?.to_pkcs8v1()?.as_ref().to_vec(),
        Algorithm::ES256 => EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &rng)?.as_ref().to_vec(),
        Algorithm::RS256 => RsaKeyPair::generate(KeySize::Rsa3072)?.as_der()?.as_ref().to_vec(),
        Algorithm::HS256 => return Err(Unspecified),
    };
    Ok(Zeroizing::new(der))
}

fn encoding_key(algorithm: Algorithm, der: &[u8]) -> Result<EncodingKey, Error> {
    match algorithm {
        Algorithm::EdDSA => Ok(EncodingKey::from_ed_der(der)),
        Algorithm::ES256 => Ok(EncodingKey::from_ec_der(der)),
        // As DER the library wants PKCS #1; as PEM it takes PKCS #8.
        Algorithm::RS256 => EncodingKey::from_rsa_pem(&pem(der)).map_err(Error::internal),
        Algorithm::HS256 => Err(Error::internal("an HS256 key is not stored")),
    }
}

fn pem(der: &[u8]) -> Zeroizing<Vec<u8>> {
    let base64 = Zeroizing::new(BASE64.encode(der));
    let mut pem = Zeroizing::new(b"-----BEGIN PRIVATE KEY-----\n".to_vec());
    for line in base64.as_bytes().chunks(64) {
        pem.extend_from_slice(line);
        pem.push(b'\n');
    }
    pem.extend_from_slice(b"-----END PRIVATE KEY-----\n");
    pem
}

fn header(algorithm: Algorithm, kid: &str) -> Result<String, Error> {
    let mut header = Header::new(signing_algorithm(algorithm));
    header.typ = Some(TOKEN_TYPE.to_owned());
    header.kid = Some(kid.to_owned());
    serde_json::to_vec(&header).map(|json| BASE64_URL.encode(json)).map_err(Error::internal)
}

fn signing_algorithm(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::EdDSA => jsonwebtoken::Algorithm::EdDSA,
        Algorithm::ES256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::RS256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::HS256 => jsonwebtoken::Algorithm::HS256,
    }
}

/// Names a shared secret without telling anything of it.
fn kid_of(secret: &[u8]) -> String {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
    let tag = aws_lc_rs::hmac::sign(&key, b"sekisho/v1 kid");
    BASE64_URL.encode(&tag.as_ref()[..12])
}

fn unusable(stored: &SealedKey, why: &str) -> Error {
    Error::internal(format!("signing key {}: {why}", stored.kid))
}
