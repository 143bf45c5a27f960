//! Signing keys at rest.

use async_trait::async_trait;

use super::Result;
use crate::domain::Timestamp;

/// A key pair whose private half is sealed.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedKey {
    /// The `kid`.
    pub kid: String,
    /// The `alg`.
    pub alg: String,
    /// The public JWK (RFC 7517) as JSON.
    pub public_jwk: String,
    /// The private key in PKCS #8, sealed.
    pub sealed: Vec<u8>,
    /// When it was made and first published.
    pub created_at: Timestamp,
    /// From when on it signs.
    pub active_at: Timestamp,
}

impl std::fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedKey({} {})", self.alg, self.kid)
    }
}

/// The table of signing keys.
#[async_trait]
pub trait SigningKeys: Send + Sync {
    /// Every key, by `active_at`.
    async fn list(&self) -> Result<Vec<SealedKey>>;

    /// Adds a key if there is none with an `active_at` later than `unless_after`.
    /// `false`: there was one, as when two servers start at once.
    async fn insert(&self, key: &SealedKey, unless_after: Timestamp) -> Result<bool>;

    /// Puts `new` in the place of `old` for a key; nothing happens if it is
    /// sealed otherwise by now.
    async fn reseal(&self, kid: &str, old: &[u8], new: &[u8]) -> Result<()>;

    /// Removes keys by id.
    async fn remove(&self, kids: &[String]) -> Result<()>;
}
