//! The signing keys over time.
//!
//! A new key is published before it signs, so that every verifier has it by
//! then; it verifies until the last token that it signed has expired. All of
//! that follows from one time per key, `active_at`:
//!
//! ```text
//! created ── published ── active_at ── signs ── successor's active_at ── verifies ── retired
//!             10 minutes                                              longest token life
//! ```

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use sekisho_interceptor::{Algorithm, Claims, KeySet, KeySource, VerifyingKey};

use super::{
    Secrets,
    signing_key::{self, SigningKey},
};
use crate::{
    clock::Clock,
    domain::Timestamp,
    entropy::Entropy,
    error::Error,
    storage::{SigningKeys, signing_keys::SealedKey},
};

/// From publication to first use; longer than verifiers keep the key set.
pub const PUBLISHED_AHEAD: Duration = Duration::from_secs(600);
/// For how long a verifier may keep the key set, in seconds.
pub const CACHE_SECONDS: u32 = 300;
/// The longest life of an access token, and room for skewed clocks.
const VERIFIED_AFTER: Duration = Duration::from_secs(3600 + 60);

/// Signs access tokens, and knows every key that still verifies.
pub struct Keyring {
    store: Arc<dyn SigningKeys>,
    secrets: Arc<Secrets>,
    entropy: Arc<dyn Entropy>,
    clock: Arc<dyn Clock>,
    algorithm: Algorithm,
    /// Of HS256; the first one signs.
    shared: Vec<Arc<SigningKey>>,
    loaded: RwLock<Loaded>,
}

/// The keys in the order of `active_at`.
#[derive(Default)]
struct Loaded {
    keys: Vec<Arc<SigningKey>>,
    set: Arc<KeySet>,
}

/// How the keys stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// How long the key that signs has signed; nothing for HS256.
    pub age: Duration,
    /// Of each key that is known.
    pub stages: Vec<Stage>,
}

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Known to verifiers, not yet used.
    Published,
    /// Signs.
    Active,
    /// Only verifies.
    Retiring,
    /// Verifies nothing; about to be removed.
    Retired,
}

impl Stage {
    /// Every one.
    pub const ALL: [Self; 4] = [Self::Published, Self::Active, Self::Retiring, Self::Retired];

    /// Its word in metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Active => "active",
            Self::Retiring => "retiring",
            Self::Retired => "retired",
        }
    }
}

impl Keyring {
    /// `shared` are the secrets of HS256, and are used with that algorithm only; the first
    /// one signs.
    pub fn new<'a>(
        store: Arc<dyn SigningKeys>,
        secrets: Arc<Secrets>,
        entropy: Arc<dyn Entropy>,
        clock: Arc<dyn Clock>,
        algorithm: Algorithm,
        shared: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Self, Error> {
        let shared = shared.into_iter().map(|key| SigningKey::hs256(key).map(Arc::new)).collect::<Result<_, _>>()?;
        let loaded = RwLock::default();
        Ok(Self { store, secrets, entropy, clock, algorithm, shared, loaded })
    }

    /// Loads the keys; makes the first one, or the first of a newly chosen
    /// algorithm. Several servers may do so at once.
    pub async fn prepare(&self) -> Result<(), Error> {
        if self.algorithm != Algorithm::HS256 {
            let stored = self.store.list().await?;
            let newest = stored.last();
            if newest.is_none_or(|key| key.alg != self.algorithm.as_str()) {
                let now = self.clock.now();
                let (active_at, unless_after) = match newest {
                    None => (now, Timestamp::from_micros(i64::MIN)),
                    Some(_) => (now + PUBLISHED_AHEAD, now),
                };
                self.add(active_at, unless_after).await?;
            }
        }
        self.reseal().await?;
        self.reload().await
    }

    /// Seals under the current secret what was sealed under the one before, so
    /// that the one before can go.
    async fn reseal(&self) -> Result<(), Error> {
        for key in self.store.list().await? {
            if let Some(sealed) = signing_key::resealed(&key, &self.secrets, &*self.entropy) {
                self.store.reseal(&key.kid, &key.sealed, &sealed).await?;
            }
        }
        Ok(())
    }

    /// Reads the keys from the store again. On failure the last good ones stay.
    pub async fn reload(&self) -> Result<(), Error> {
        let stored = self.store.list().await?;
        let now = self.clock.now();
        let mut keys: Vec<Arc<SigningKey>> = self.shared.clone();
        for (index, key) in stored.iter().enumerate() {
            if stage(&times(&stored), index, now) != Stage::Retired {
                keys.push(Arc::new(SigningKey::open(key, &self.secrets)?));
            }
        }
        let verifying: Vec<VerifyingKey> = keys.iter().map(|key| key.verifying.clone()).collect();
        let set = Arc::new(KeySet::new(verifying).map_err(Error::internal)?);
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = Loaded { keys, set };
        Ok(())
    }

    /// Adds the key that signs next. `None`: one is waiting already.
    pub async fn rotate(&self) -> Result<Option<SealedKey>, Error> {
        if self.algorithm == Algorithm::HS256 {
            return Err(Error::internal("HS256 has no keys to rotate: see SEKISHO_JWT_SECRET_KEY_PREVIOUS"));
        }
        let now = self.clock.now();
        let key = self.add(now + PUBLISHED_AHEAD, now).await?;
        self.reload().await?;
        Ok(key)
    }

    async fn add(&self, active_at: Timestamp, unless_after: Timestamp) -> Result<Option<SealedKey>, Error> {
        let now = self.clock.now();
        let key = signing_key::generate(self.algorithm, &self.secrets, &*self.entropy, now, active_at)?;
        Ok(self.store.insert(&key, unless_after).await?.then_some(key))
    }

    /// Removes keys that verify nothing any more.
    pub async fn prune(&self) -> Result<(), Error> {
        let now = self.clock.now();
        let listed = self.list().await?;
        let retired: Vec<String> =
            listed.iter().filter(|(_, stage)| *stage == Stage::Retired).map(|(key, _)| key.kid.clone()).collect();
        if !retired.is_empty() {
            tracing::info!(count = retired.len(), at = %now, "signing keys removed");
            self.store.remove(&retired).await?;
        }
        Ok(())
    }

    /// Every stored key and where it is in its life.
    pub async fn list(&self) -> Result<Vec<(SealedKey, Stage)>, Error> {
        let now = self.clock.now();
        let stored = self.store.list().await?;
        let stages = stages(&times(&stored), now);
        Ok(stored.into_iter().zip(stages).collect())
    }

    /// Signs an access token with the key that is active now.
    pub fn sign(&self, claims: &Claims) -> Result<String, Error> {
        let now = self.clock.now();
        let signer = match self.shared.first() {
            Some(shared) if self.algorithm == Algorithm::HS256 => Some(shared.clone()),
            _ => {
                let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
                let mut stored = loaded.keys.iter().filter(|key| key.public_jwk.is_some());
                let first = stored.clone().next();
                // The first key signs also before its time: clocks are set back.
                stored.rfind(|key| key.active_at <= now).or(first).cloned()
            }
        };
        signer.ok_or_else(|| Error::internal("no signing key is active"))?.sign(claims)
    }

    /// How the keys stand that this process has loaded.
    pub fn standing(&self) -> Standing {
        let now = self.clock.now();
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        let times: Vec<Timestamp> =
            loaded.keys.iter().filter(|key| key.public_jwk.is_some()).map(|key| key.active_at).collect();
        let mut stages = stages(&times, now);
        if self.algorithm == Algorithm::HS256 {
            // What was stored before it was chosen signs nothing any more.
            stages.iter_mut().filter(|stage| **stage == Stage::Active).for_each(|stage| *stage = Stage::Retiring);
            stages.push(Stage::Active);
            return Standing { age: Duration::ZERO, stages };
        }
        let signs_since = times.iter().rfind(|at| **at <= now).or(times.first());
        Standing { age: signs_since.map_or(Duration::ZERO, |at| now.since(*at)), stages }
    }

    /// The public keys, each a JWK (RFC 7517, section 4).
    pub fn public_jwks(&self) -> Vec<serde_json::Value> {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        loaded.keys.iter().filter_map(|key| key.public_jwk.clone()).collect()
    }
}

impl KeySource for Keyring {
    fn keys(&self) -> Arc<KeySet> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).set.clone()
    }
}

fn times(keys: &[SealedKey]) -> Vec<Timestamp> {
    keys.iter().map(|key| key.active_at).collect()
}

fn stages(active_at: &[Timestamp], now: Timestamp) -> Vec<Stage> {
    (0..active_at.len()).map(|index| stage(active_at, index, now)).collect()
}

/// Where the key at `index` is in its life; the times are in order.
fn stage(active_at: &[Timestamp], index: usize, now: Timestamp) -> Stage {
    if active_at[index] > now {
        return Stage::Published;
    }
    match active_at.get(index + 1).copied() {
        Some(replaced) if replaced + VERIFIED_AFTER <= now => Stage::Retired,
        Some(replaced) if replaced <= now => Stage::Retiring,
        _ => Stage::Active,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_lives_through_its_stages() {
        let keys = [0, 1_000].map(Timestamp::from_seconds);
        let at = |index, seconds| stage(&keys, index, Timestamp::from_seconds(seconds));
        assert_eq!((at(0, 999), at(1, 999)), (Stage::Active, Stage::Published));
        assert_eq!((at(0, 1_000), at(1, 1_000)), (Stage::Retiring, Stage::Active));
        assert_eq!((at(0, 4_659), at(0, 4_660)), (Stage::Retiring, Stage::Retired));
        assert_eq!(at(1, i64::MAX / 2_000_000), Stage::Active);
    }
}
