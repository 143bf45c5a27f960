use std::{collections::HashMap, fmt, sync::Arc};

use aws_lc_rs::digest;
use jsonwebtoken::{DecodingKey, crypto};
use serde_json::Value;

use crate::{algorithm::Algorithm, jwk, key_error::KeyError};

/// The fewest bytes of an HS256 secret (RFC 7518 section 3.2).
pub const MIN_SECRET_BYTES: usize = 32;

pub(crate) const MAX_KID_BYTES: usize = 128;

/// A key that can verify, with the one algorithm it is for.
///
/// ```
/// use sekisho_interceptor::{Algorithm, VerifyingKey};
///
/// // RFC 8037, appendix A.2.
/// let jwk = serde_json::json!({
///     "kty": "OKP",
///     "crv": "Ed25519",
///     "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
///     "kid": "k1",
/// });
/// let key = VerifyingKey::from_jwk(&jwk).unwrap();
/// assert_eq!((key.kid(), key.algorithm()), ("k1", Algorithm::EdDSA));
/// ```
#[derive(Clone)]
pub struct VerifyingKey {
    kid: String,
    algorithm: Algorithm,
    key: DecodingKey,
    /// Tells this key from another of the same `kid`.
    identity: [u8; 32],
}

impl VerifyingKey {
    /// Reads a public JWK (RFC 7517 section 4, RFC 7518 section 6, RFC 8037 section 2).
    ///
    /// Read untrusted bytes with [`strict_json::parse`](crate::strict_json::parse),
    /// which refuses a member given twice.
    ///
    /// # Errors
    ///
    /// A [`KeyError`] unless the key is an Ed25519, P-256 or 2048 to 8192 bit RSA
    /// public key for signatures, with a `kid`.
    pub fn from_jwk(jwk: &Value) -> Result<Self, KeyError> {
        let (kid, algorithm, key) = jwk::read(jwk)?;
        let identity = identity(algorithm, &key.bytes);
        Self::new(kid, algorithm, key.key, identity)
    }

    /// An HS256 key, shared with the issuer.
    ///
    /// # Errors
    ///
    /// [`KeyError::Kid`], or [`KeyError::ShortSecret`] under [`MIN_SECRET_BYTES`].
    pub fn hs256(kid: impl Into<String>, secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < MIN_SECRET_BYTES {
            return Err(KeyError::ShortSecret);
        }
        let identity = identity(Algorithm::HS256, secret);
        Self::new(kid.into(), Algorithm::HS256, DecodingKey::from_secret(secret), identity)
    }

    fn new(kid: String, algorithm: Algorithm, key: DecodingKey, identity: [u8; 32]) -> Result<Self, KeyError> {
        if kid.is_empty() || kid.len() > MAX_KID_BYTES {
            return Err(KeyError::Kid);
        }
        Ok(Self { kid, algorithm, key, identity })
    }

    /// The name by which tokens refer to the key.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The only algorithm the key verifies.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(crate) fn identity(&self) -> [u8; 32] {
        self.identity
    }

    /// Whether a signature, in base64url, is this key's over a message.
    pub(crate) fn verifies(&self, message: &[u8], signature: &str) -> bool {
        // An error and a mismatch mean the same here: not signed by this key.
        matches!(crypto::verify(signature, message, &self.key, self.algorithm.into()), Ok(true))
    }
}

fn identity(algorithm: Algorithm, key: &[u8]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(algorithm.as_str().as_bytes());
    context.update(key);
    let mut identity = [0; 32];
    identity.copy_from_slice(context.finish().as_ref());
    identity
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey").field("kid", &self.kid).field("alg", &self.algorithm).finish_non_exhaustive()
    }
}

/// The keys of one issuer, by `kid`. The default has none, and verifies nothing.
///
/// ```
/// use sekisho_interceptor::{KeyError, KeySet, VerifyingKey};
///
/// let key = VerifyingKey::hs256("k1", &[7; 32]).unwrap();
/// let keys = KeySet::new([key.clone()]).unwrap();
/// assert!(keys.get("k1").is_some() && keys.get("K1").is_none());
/// assert_eq!(KeySet::new([key.clone(), key]).unwrap_err(), KeyError::DuplicateKid("k1".into()));
/// ```
#[derive(Clone, Debug, Default)]
pub struct KeySet(HashMap<String, VerifyingKey>);

impl KeySet {
    /// A set of these keys.
    ///
    /// # Errors
    ///
    /// [`KeyError::DuplicateKid`].
    pub fn new(keys: impl IntoIterator<Item = VerifyingKey>) -> Result<Self, KeyError> {
        let mut set = HashMap::new();
        for key in keys {
            if let Some(twin) = set.insert(key.kid.clone(), key) {
                return Err(KeyError::DuplicateKid(twin.kid));
            }
        }
        Ok(Self(set))
    }

    /// Reads a JWK set (RFC 7517 section 5). It is taken whole or not at all.
    ///
    /// # Errors
    ///
    /// [`KeyError::Shape`], [`KeyError::Empty`], [`KeyError::DuplicateKid`], or
    /// [`KeyError::InSet`] for the first key that [`VerifyingKey::from_jwk`] refuses.
    pub fn from_jwks(jwks: &Value) -> Result<Self, KeyError> {
        let keys = jwks.get("keys").and_then(Value::as_array).ok_or(KeyError::Shape)?;
        if keys.is_empty() {
            return Err(KeyError::Empty);
        }
        let read = |(index, jwk)| {
            VerifyingKey::from_jwk(jwk).map_err(|fault| KeyError::InSet { index, fault: Box::new(fault) })
        };
        Self::new(keys.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?)
    }

    /// The key of that exact `kid`.
    #[must_use]
    pub fn get(&self, kid: &str) -> Option<&VerifyingKey> {
        self.0.get(kid)
    }

    /// How many keys there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Where a layer finds the keys of the moment. Called for each request: it must
/// neither block nor fetch.
///
/// ```
/// use std::sync::Arc;
///
/// use sekisho_interceptor::{KeySet, KeySource, VerifyingKey};
///
/// // Keys that never change are a source themselves.
/// let key = VerifyingKey::hs256("k1", &[7; 32]).unwrap();
/// let pinned: Arc<dyn KeySource> = Arc::new(Arc::new(KeySet::new([key]).unwrap()));
/// assert_eq!(pinned.keys().len(), 1);
/// ```
pub trait KeySource: Send + Sync {
    /// The keys that are trusted now.
    fn keys(&self) -> Arc<KeySet>;

    /// A token named a key that is not among them. The token is refused whatever is done
    /// about it; the kid is the sender's choice, and anybody may send it.
    fn missed(&self, _kid: &str) {}
}

/// Keys that do not change.
impl KeySource for Arc<KeySet> {
    fn keys(&self) -> Arc<KeySet> {
        Self::clone(self)
    }
}
