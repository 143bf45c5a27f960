use std::{
    fmt,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use aws_lc_rs::{
    digest, rand,
    signature::{Ed25519KeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Uri;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{clock::Clock, key_error::KeyError, keys::KeySet, testing::token::TestToken};

/// Why the test kit does not serve.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TestKitError {
    /// A release build, and an issuer that is not on this machine: its tokens could be
    /// taken for real ones.
    #[error("a release build takes a test issuer on loopback only")]
    NotLoopback,
    /// No key could be made.
    #[error("no key can be made")]
    Crypto(#[from] aws_lc_rs::error::Unspecified),
    /// The keys are of no use.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No socket could be had.
    #[error("no loopback socket")]
    Socket(#[from] std::io::Error),
}

/// An issuer of tokens, good and bad, with Ed25519 keys.
///
/// See [`testing`](crate::testing) for an example.
///
/// ```
/// use sekisho_interceptor::{Verifier, testing::{ManualClock, TestIssuer}};
/// use uuid::Uuid;
///
/// let time = ManualClock::at(1_800_000_000);
/// let issuer = TestIssuer::new("https://auth.example.com", time.clock()).unwrap();
/// let token = issuer.person(Uuid::from_u128(1)).audience("orders").role("admin").sign();
/// let verifier = Verifier::new(issuer.name(), "orders");
/// let claims = verifier.verify(&token, &issuer.keys(), time.now()).unwrap();
/// assert!(claims.has_role("admin"));
/// ```
pub struct TestIssuer {
    name: String,
    clock: Clock,
    seed: [u8; 32],
    ids: AtomicU64,
    made: Mutex<Made>,
}

struct Made {
    count: u64,
    keys: Vec<(String, Arc<Ed25519KeyPair>)>,
    published: KeySet,
}

impl TestIssuer {
    /// An issuer with keys of its own.
    ///
    /// # Errors
    ///
    /// [`TestKitError::NotLoopback`] in a release build, unless the host of `name` is this
    /// machine; [`TestKitError::Crypto`] without randomness.
    pub fn new(name: impl Into<String>, clock: Clock) -> Result<Self, TestKitError> {
        let mut seed = [0; 32];
        rand::fill(&mut seed)?;
        Self::seeded(name, clock, seed)
    }

    /// The same keys and ids each time.
    ///
    /// # Errors
    ///
    /// As [`TestIssuer::new`].
    pub fn seeded(name: impl Into<String>, clock: Clock, seed: [u8; 32]) -> Result<Self, TestKitError> {
        let name = name.into();
        if cfg!(not(debug_assertions)) && !is_loopback(&name) {
            return Err(TestKitError::NotLoopback);
        }
        let made = Made { count: 0, keys: Vec::new(), published: KeySet::default() };
        let this = Self { name, clock, seed, ids: AtomicU64::new(0), made: Mutex::new(made) };
        this.rotate()?;
        Ok(this)
    }

    /// Signs with a new key from here on; those of before stay published.
    ///
    /// # Errors
    ///
    /// [`TestKitError::Crypto`] or [`TestKitError::Key`], of which there are none.
    pub fn rotate(&self) -> Result<(), TestKitError> {
        let mut made = self.made();
        made.count += 1;
        let key = Ed25519KeyPair::from_seed_unchecked(&self.derive("key", made.count))
            .map_err(|_| TestKitError::Crypto(aws_lc_rs::error::Unspecified))?;
        let kid = format!("test-{}", made.count);
        made.keys.push((kid, Arc::new(key)));
        made.published = KeySet::from_jwks(&jwks(&made))?;
        Ok(())
    }

    /// Publishes the newest key alone.
    ///
    /// # Errors
    ///
    /// As [`TestIssuer::rotate`].
    pub fn retire(&self) -> Result<(), TestKitError> {
        let mut made = self.made();
        let newest = made.keys.len().saturating_sub(1);
        made.keys.drain(..newest);
        made.published = KeySet::from_jwks(&jwks(&made))?;
        Ok(())
    }

    /// The `iss` of its tokens.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The published keys.
    #[must_use]
    pub fn keys(&self) -> KeySet {
        self.made().published.clone()
    }

    /// The same as a JWK set.
    #[must_use]
    pub fn jwks(&self) -> Value {
        jwks(&self.made())
    }

    /// A token of a person, in a session of its own, good for 15 minutes from now and for
    /// the audience `sekisho`, until it is said otherwise.
    pub fn person(&self, sub: Uuid) -> TestToken {
        TestToken::person(self, sub)
    }

    /// A token of a service, likewise.
    pub fn service(&self, client_id: &str) -> TestToken {
        TestToken::service(self, client_id)
    }

    pub(crate) fn now(&self) -> i64 {
        (self.clock)()
    }

    pub(crate) fn id(&self) -> Uuid {
        let bytes = self.derive("id", self.ids.fetch_add(1, Ordering::Relaxed));
        let mut id = [0; 16];
        id.copy_from_slice(&bytes[..16]);
        uuid::Builder::from_random_bytes(id).into_uuid()
    }

    /// The key that signs, with its kid.
    pub(crate) fn signer(&self) -> Option<(String, Arc<Ed25519KeyPair>)> {
        self.made().keys.last().cloned()
    }

    fn derive(&self, label: &str, number: u64) -> [u8; 32] {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(&self.seed);
        context.update(label.as_bytes());
        context.update(&number.to_be_bytes());
        let mut derived = [0; 32];
        derived.copy_from_slice(context.finish().as_ref());
        derived
    }

    fn made(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for TestIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestIssuer").field("name", &self.name).finish_non_exhaustive()
    }
}

fn jwks(made: &Made) -> Value {
    let keys = made.keys.iter().map(|(kid, key)| {
        let x = URL_SAFE_NO_PAD.encode(key.public_key());
        json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": kid, "x": x })
    });
    json!({ "keys": keys.collect::<Vec<_>>() })
}

fn is_loopback(name: &str) -> bool {
    let uri: Option<Uri> = name.parse().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
