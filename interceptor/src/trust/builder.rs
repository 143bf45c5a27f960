use std::{
    path::PathBuf,
    sync::{Arc, atomic::AtomicI64},
    time::Duration,
};

use tokio::{
    sync::{Mutex, watch},
    time::Instant,
};
use tonic::transport::Channel;
use zeroize::Zeroizing;

use crate::{
    backoff::Randomness,
    clock::{Clock, system_clock},
    key_error::KeyError,
    key_store::KeyStore,
    keys::{KeySet, VerifyingKey},
    policy::Freshness,
    refresh::Refresh,
    revocations::{RevocationSet, SetLimits},
    trust::{
        Trust,
        credentials::{Credentials, TokenProvider},
        event::TrustMeter,
        inner::Inner,
        key_file,
        link::{Link, TlsFiles},
        steady::SteadyClock,
    },
};

const DAY: Duration = Duration::from_secs(86_400);

/// Why no [`Trust`] could be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// Not `http://HOST:PORT` or `https://HOST:PORT`.
    #[error("not the address of an issuer")]
    Address,
    /// The secret and the tokens would cross the network readable, or the issuer
    /// could be anybody. See [`TrustBuilder::allow_plaintext`].
    #[error("plain http to another machine")]
    Plaintext,
    /// The pinned keys.
    #[error("the pinned keys: {0}")]
    PinnedKeys(#[from] KeyError),
    /// `https`, and the feature `tls` is off.
    #[error("https needs the feature tls")]
    NoTls,
    /// Files of certificates, and no `https` that would use them.
    #[error("certificates are for https")]
    Unencrypted,
    /// The files of the certificates cannot be read.
    #[error("the files of the certificates cannot be read")]
    Files(#[source] std::io::Error),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[source] tonic::transport::Error),
}

enum Issuer {
    Address(String),
    Channel(Channel),
}

/// Makes a [`Trust`].
///
/// Has no `Debug`: it holds a secret.
///
/// ```
/// use std::time::Duration;
///
/// use sekisho_interceptor::{Trust, TrustError};
///
/// let plain = Trust::at("http://auth.example.com:8080").client("orders", "its secret");
/// // A secret does not cross the network readable, unless somebody says so.
/// assert!(matches!(plain.start(), Err(TrustError::Plaintext)));
///
/// let over_a_mesh = Trust::at("http://auth.example.com:8080")
///     .allow_plaintext()
///     .client("orders", "its secret")
///     .subscriber("orders-7")
///     .key_file("/var/cache/orders/keys.json")
///     .silence(Duration::from_secs(10));
/// ```
#[must_use]
pub struct TrustBuilder {
    issuer: Issuer,
    plaintext: bool,
    tls: TlsFiles,
    credentials: Credentials,
    subscriber: String,
    key_file: Option<PathBuf>,
    pinned: Vec<VerifyingKey>,
    max_key_age: Duration,
    limits: SetLimits,
    silence: Duration,
    waits: (Duration, Duration),
    budget: Duration,
    healthy: Duration,
    random: Randomness,
    clock: Clock,
    meter: Option<Arc<dyn TrustMeter>>,
}

impl TrustBuilder {
    pub(crate) fn address(address: String) -> Self {
        Self::new(Issuer::Address(address))
    }

    pub(crate) fn channel(channel: Channel) -> Self {
        Self::new(Issuer::Channel(channel))
    }

    fn new(issuer: Issuer) -> Self {
        Self {
            issuer,
            plaintext: false,
            tls: TlsFiles::default(),
            credentials: Credentials::Nothing,
            subscriber: String::new(),
            key_file: None,
            pinned: Vec::new(),
            max_key_age: DAY,
            limits: SetLimits::default(),
            silence: Duration::from_secs(10),
            waits: (Duration::from_millis(50), Duration::from_secs(10)),
            budget: Duration::from_millis(250),
            healthy: Freshness::MAX_STALENESS,
            random: Arc::new(fastrand::f64),
            clock: system_clock(),
            meter: None,
        }
    }

    /// Proves this service by its own secret. It needs the scopes `revocations:read` and,
    /// for [`Freshness::Strict`], `tokens:introspect`.
    pub fn client(mut self, client_id: impl Into<String>, secret: impl Into<String>) -> Self {
        let client_id = client_id.into();
        if self.subscriber.is_empty() {
            self.subscriber.clone_from(&client_id);
        }
        self.credentials =
            Credentials::Secret { client_id, secret: Zeroizing::new(secret.into()), held: Mutex::new(None) };
        self
    }

    /// Proves this service by tokens that it has by other means.
    pub fn token_provider(mut self, provider: Arc<dyn TokenProvider>) -> Self {
        self.credentials = Credentials::Provided(provider);
        self
    }

    /// What this service is called in the issuer's logs, up to 64 characters; the client
    /// id unless set.
    pub fn subscriber(mut self, name: impl Into<String>) -> Self {
        self.subscriber = name.into();
        self
    }

    /// Lets an `http://` address be another machine: for networks that encrypt and
    /// authenticate by themselves.
    pub fn allow_plaintext(mut self) -> Self {
        self.plaintext = true;
        self
    }

    /// Shows the issuer this certificate, by files in PEM: the certificate first, then
    /// those that lead to its authority; a key that is not encrypted. Where `sekisho
    /// service identity add` has its SPIFFE ID, this service needs no secret.
    ///
    /// The files are looked at each time that the feed is opened. What cannot be used
    /// then changes nothing.
    #[cfg(feature = "tls")]
    pub fn identity(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.tls.identity = Some((certificate.into(), key.into()));
        self
    }

    /// Knows the issuer by one of the authorities in this file of PEM, instead of those
    /// of the system. It is looked at as the files of [`TrustBuilder::identity`] are.
    #[cfg(feature = "tls")]
    pub fn authorities(mut self, file: impl Into<PathBuf>) -> Self {
        self.tls.authorities = Some(file.into());
        self
    }

    /// Keeps the keys in a file, so that this service can start while the issuer is
    /// away. Whoever can write to the file can sign.
    pub fn key_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.key_file = Some(path.into());
        self
    }

    /// Trusts these keys until the issuer's own are had: for a start without the issuer,
    /// and for HS256, whose key is never published.
    pub fn pinned_keys(mut self, keys: impl IntoIterator<Item = VerifyingKey>) -> Self {
        self.pinned.extend(keys);
        self
    }

    /// For how long keys are trusted that the issuer did not confirm; a day unless set.
    pub fn max_key_age(mut self, age: Duration) -> Self {
        self.max_key_age = age;
        self
    }

    /// How many revocations are held. See [`RevocationSet`].
    pub fn limits(mut self, limits: SetLimits) -> Self {
        self.limits = limits;
        self
    }

    /// How long the feed may say nothing before it is opened again; 10 seconds unless
    /// set, of which the issuer lets none pass.
    pub fn silence(mut self, silence: Duration) -> Self {
        self.silence = silence;
        self
    }

    /// How long to wait before the feed is opened again: at first, and at most; 50 ms and
    /// 10 s unless set.
    pub fn backoff(mut self, first: Duration, longest: Duration) -> Self {
        self.waits = (first, longest);
        self
    }

    /// How long the issuer may take to answer for one token; 250 ms unless set.
    pub fn introspection_budget(mut self, budget: Duration) -> Self {
        self.budget = budget;
        self
    }

    /// How old the knowledge of revocations may be for [`Health::Ready`](crate::Health::Ready);
    /// 30 seconds unless set.
    pub fn healthy_within(mut self, staleness: Duration) -> Self {
        self.healthy = staleness;
        self
    }

    /// Takes numbers from 0 to 1 from here; a generator of its own unless set. Nothing
    /// secret depends on them.
    pub fn randomness(mut self, random: Arc<dyn Fn() -> f64 + Send + Sync>) -> Self {
        self.random = random;
        self
    }

    /// Takes the time from here; from the machine unless set.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Tells `meter` what becomes of the trust.
    pub fn counting(mut self, meter: Arc<dyn TrustMeter>) -> Self {
        self.meter = Some(meter);
        self
    }

    /// Starts the task that follows the issuer, on the tokio runtime that this is called
    /// on. Returns at once, with the keys of the file or those that are pinned: see
    /// [`Trust::ready`].
    ///
    /// # Errors
    ///
    /// A [`TrustError`]. An issuer that is away is none.
    pub fn start(self) -> Result<Trust, TrustError> {
        let link = match self.issuer {
            Issuer::Channel(channel) => Link::over(channel),
            Issuer::Address(address) => Link::to(&address, self.plaintext, &self.tls)?,
        };
        let clock = SteadyClock::new(self.clock);
        let keys = KeyStore::new(KeySet::new(self.pinned)?, self.max_key_age);
        if let Some((jwks, age)) = self.key_file.as_deref().and_then(|path| key_file::read(path, clock.now())) {
            match keys.replace(&jwks, age) {
                Ok(_) if age < self.max_key_age => tracing::info!(?age, "began with the keys of the key file"),
                Ok(_) => tracing::warn!(?age, "the keys of the key file are too old to be trusted"),
                Err(fault) => tracing::warn!(%fault, "the keys of the key file are not accepted"),
            }
        }
        Ok(Trust::spawn(Inner {
            link: Arc::new(link),
            credentials: self.credentials,
            subscriber: self.subscriber,
            silence: self.silence,
            first_wait: self.waits.0,
            longest_wait: self.waits.1,
            budget: self.budget,
            healthy: self.healthy,
            random: self.random,
            set: RevocationSet::new(self.limits, clock.clock()),
            clock,
            keys,
            key_file: self.key_file,
            refresh: Refresh::new(),
            meter: self.meter,
            changes: watch::Sender::new(0),
            progress: watch::Sender::new(()),
            born: Instant::now(),
            known: AtomicI64::new(i64::MIN),
            saved: AtomicI64::new(i64::MIN),
        }))
    }
}
