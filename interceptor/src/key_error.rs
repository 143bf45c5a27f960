use crate::keys::{MAX_KID_BYTES, MIN_SECRET_BYTES};

/// Why a key, or a set of keys, is not accepted. Holds no key material.
///
/// ```
/// use sekisho_interceptor::{KeyError, VerifyingKey};
///
/// assert_eq!(VerifyingKey::hs256("k1", b"too short").unwrap_err(), KeyError::ShortSecret);
/// ```
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not a JSON object, or not `{"keys": [...]}`.
    #[error("not a JWK or JWK set")]
    Shape,
    /// The set has no key at all.
    #[error("the JWK set is empty")]
    Empty,
    /// The set has more keys than any issuer needs.
    #[error("the JWK set has more than {0} keys")]
    TooMany(usize),
    /// `kid` is missing, empty, or longer than 128 bytes.
    #[error("kid is missing, empty or longer than {MAX_KID_BYTES} bytes")]
    Kid,
    /// Two keys have this `kid`.
    #[error("two keys have the kid {0:?}")]
    DuplicateKid(String),
    /// `kty: oct` in a JWK: a secret does not belong in a public set.
    #[error("a symmetric key in a JWK")]
    Symmetric,
    /// The JWK has private members.
    #[error("a private key in a JWK")]
    Private,
    /// `use` is not `sig`, or `key_ops` lacks `verify`.
    #[error("the key is not for verifying signatures")]
    Use,
    /// `kty` or `crv` is none of OKP/Ed25519, EC/P-256, RSA.
    #[error("the key type is not supported")]
    Type,
    /// `alg` is not the algorithm of `kty` and `crv`.
    #[error("alg does not fit the key type")]
    Algorithm,
    /// A public member is missing, not base64url, or has the wrong length or value.
    #[error("the public key is malformed or weak")]
    Material,
    /// An RSA modulus outside 2048 to 8192 bits.
    #[error("an RSA modulus of {0} bits; 2048 to 8192 are accepted")]
    RsaSize(usize),
    /// An HS256 secret shorter than [`MIN_SECRET_BYTES`].
    #[error("the secret is shorter than {MIN_SECRET_BYTES} bytes")]
    ShortSecret,
    /// A key of a set is not accepted, so the set is not.
    #[error("key {index} of the set: {fault}")]
    InSet {
        /// The position in `keys`, from 0.
        index: usize,
        /// What is wrong with that key.
        fault: Box<KeyError>,
    },
}
