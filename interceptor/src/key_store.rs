//! The keys of an issuer as they were had last, and for how long they are trusted.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use serde_json::Value;
use tokio::time::Instant;

use crate::{key_error::KeyError, keys::KeySet};

/// More than any issuer rotates through.
const MAX_KEYS: usize = 64;

pub(crate) struct KeyStore {
    current: ArcSwap<KeySet>,
    held: Mutex<Held>,
    max_age: Duration,
}

struct Held {
    /// The set as it came, to tell whether another is the same.
    jwks: Option<Value>,
    /// When the issuer last stood by it. `None`: it is pinned, or there is none.
    confirmed: Option<Instant>,
}

impl KeyStore {
    /// Begins with these keys, which stand until the issuer's own are had.
    pub(crate) fn new(pinned: KeySet, max_age: Duration) -> Self {
        let held = Held { jwks: None, confirmed: None };
        Self { current: ArcSwap::from_pointee(pinned), held: Mutex::new(held), max_age }
    }

    pub(crate) fn keys(&self) -> Arc<KeySet> {
        self.current.load_full()
    }

    /// Takes a set that the issuer stood by `age` ago. `Ok(false)`: it is the one that is held.
    pub(crate) fn replace(&self, jwks: &Value, age: Duration) -> Result<bool, KeyError> {
        let confirmed = Instant::now().checked_sub(age);
        if self.held().jwks.as_ref() == Some(jwks) {
            let mut held = self.held();
            held.confirmed = held.confirmed.max(confirmed);
            return Ok(false);
        }
        let count = jwks.get("keys").and_then(Value::as_array).map_or(0, Vec::len);
        if count > MAX_KEYS {
            return Err(KeyError::TooMany(MAX_KEYS));
        }
        let keys = KeySet::from_jwks(jwks)?;
        let mut held = self.held();
        held.jwks = Some(jwks.clone());
        held.confirmed = confirmed;
        self.current.store(Arc::new(keys));
        Ok(true)
    }

    /// The issuer was heard, and would have said so if its keys were others.
    pub(crate) fn confirm(&self) {
        let mut held = self.held();
        if held.confirmed.is_some() {
            held.confirmed = Some(Instant::now());
        }
    }

    /// How long ago the issuer stood by the keys. `None`: they are pinned, or there are none.
    pub(crate) fn age(&self) -> Option<Duration> {
        self.held().confirmed.map(|since| since.elapsed())
    }

    #[cfg(feature = "revocation")]
    pub(crate) fn jwks(&self) -> Option<Value> {
        self.held().jwks.clone()
    }

    /// Waits until the keys are too old to be trusted, and drops them.
    pub(crate) async fn expired(&self) {
        loop {
            // A confirmation while this sleeps moves the end.
            let left = self.age().map_or(self.max_age, |age| self.max_age.saturating_sub(age));
            if left.is_zero() {
                break;
            }
            tokio::time::sleep(left).await;
        }
        let mut held = self.held();
        held.jwks = None;
        held.confirmed = None;
        self.current.store(Arc::default());
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
