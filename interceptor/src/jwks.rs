//! The keys of an issuer that has no feed, by HTTP (RFC 7517 section 5).

use std::{fmt, net::IpAddr, sync::Arc, time::Duration};

use reqwest::{
    Client, Response, StatusCode, Url,
    header::{ACCEPT, CACHE_CONTROL, ETAG, HeaderValue, IF_NONE_MATCH},
    redirect,
};
use serde_json::{Value, json};
use tokio::{
    sync::{Mutex, watch},
    task::AbortHandle,
    time::timeout,
};

use crate::{
    backoff::{Backoff, Randomness},
    key_error::KeyError,
    key_store::KeyStore,
    keys::{KeySet, KeySource, VerifyingKey},
    refresh::Refresh,
    strict_json::{self, Limits},
};

/// The largest set that is read.
const MAX_BYTES: usize = 1024 * 1024;
const SHORTEST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(86_400);
const FIRST_RETRY: Duration = Duration::from_millis(500);

/// Why no [`JwksSource`] could be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JwksError {
    /// Not `https://…`, nor `http://…` on this machine.
    #[error("keys are taken over https only")]
    Address,
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[source] reqwest::Error),
}

/// Why a set was not had.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    #[error("status {0}")]
    Status(StatusCode),
    #[error("more than {MAX_BYTES} bytes")]
    TooLarge,
    #[error("{0}")]
    Json(#[from] strict_json::JsonError),
    #[error("{0}")]
    Key(#[from] KeyError),
}

/// Follows the JWK set of an issuer that is not Sekisho. One task fetches it, never a
/// request; it ends when this is dropped.
///
/// Keys for other purposes or of other kinds are left out; a set with a key that must not
/// be there at all is not taken, and the last good one goes on, for a day at most.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use std::{sync::Arc, time::Duration};
/// use sekisho_interceptor::{AuthLayer, JwksSource, PolicySet, Verifier, system_clock};
///
/// let keys = JwksSource::at("https://idp.example/jwks.json").start()?;
/// let ready = keys.ready(Duration::from_secs(5)).await;
/// let verifier = Verifier::new("https://idp.example", "orders");
/// let layer = AuthLayer::new(verifier, Arc::new(keys), Arc::new(PolicySet::default()), system_clock());
/// # Ok(())
/// # }
/// ```
pub struct JwksSource {
    inner: Arc<Inner>,
    task: AbortHandle,
}

/// Makes a [`JwksSource`].
#[must_use]
pub struct JwksBuilder {
    address: String,
    interval: Duration,
    patience: Duration,
    max_key_age: Duration,
    random: Randomness,
}

struct Inner {
    client: Client,
    address: Url,
    interval: Duration,
    keys: KeyStore,
    refresh: Refresh,
    random: Randomness,
    had: watch::Sender<bool>,
    /// Of the set that is held.
    etag: Mutex<Option<HeaderValue>>,
}

impl JwksBuilder {
    /// How long a set is good for whose answer does not say so by `max-age`; 15 minutes
    /// unless set, and from a minute to a day whatever is said.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// How long an answer may take; 5 seconds unless set.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// For how long keys are trusted while none can be had; a day unless set.
    pub fn max_key_age(mut self, age: Duration) -> Self {
        self.max_key_age = age;
        self
    }

    /// Starts the task, on the tokio runtime that this is called on.
    ///
    /// # Errors
    ///
    /// A [`JwksError`]. An issuer that is away is none.
    pub fn start(self) -> Result<JwksSource, JwksError> {
        let address: Url = self.address.parse().map_err(|_| JwksError::Address)?;
        if address.scheme() != "https" && !(address.scheme() == "http" && is_loopback(&address)) {
            return Err(JwksError::Address);
        }
        // A redirect could lead anywhere, past the check above.
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .timeout(self.patience)
            .build()
            .map_err(JwksError::Tls)?;
        let inner = Arc::new(Inner {
            client,
            address,
            interval: self.interval,
            keys: KeyStore::new(KeySet::default(), self.max_key_age),
            refresh: Refresh::new(),
            random: self.random,
            had: watch::Sender::new(false),
            etag: Mutex::new(None),
        });
        let task = tokio::spawn(run(Arc::clone(&inner))).abort_handle();
        Ok(JwksSource { inner, task })
    }
}

impl JwksSource {
    /// The set at this address.
    pub fn at(address: impl Into<String>) -> JwksBuilder {
        JwksBuilder {
            address: address.into(),
            interval: Duration::from_secs(900),
            patience: Duration::from_secs(5),
            max_key_age: LONGEST,
            random: Arc::new(fastrand::f64),
        }
    }

    /// Waits for the first keys. Whether they were had in time.
    pub async fn ready(&self, patience: Duration) -> bool {
        let mut had = self.inner.had.subscribe();
        timeout(patience, had.wait_for(|had| *had)).await.is_ok_and(|waited| waited.is_ok())
    }

    /// How long ago the issuer stood by the keys. `None`: there are none.
    #[must_use]
    pub fn key_age(&self) -> Option<Duration> {
        self.inner.keys.age()
    }
}

impl KeySource for JwksSource {
    fn keys(&self) -> Arc<KeySet> {
        self.inner.keys.keys()
    }

    fn missed(&self, kid: &str) {
        self.inner.refresh.want(kid);
    }
}

impl Drop for JwksSource {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl fmt::Debug for JwksSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.inner.address.host_str();
        f.debug_struct("JwksSource").field("host", &host).field("key_age", &self.key_age()).finish_non_exhaustive()
    }
}

async fn run(inner: Arc<Inner>) {
    tokio::join!(follow(&inner), expire(&inner));
}

async fn follow(inner: &Inner) {
    let mut backoff = Backoff::new(FIRST_RETRY, inner.interval.max(FIRST_RETRY), Arc::clone(&inner.random));
    loop {
        let fetched = fetch(inner).await;
        inner.refresh.done(fetched.is_ok());
        let wait = match fetched {
            Ok(good_for) => {
                backoff.reset();
                good_for.mul_f64(1.0 - 0.1 * (inner.random)().clamp(0.0, 1.0))
            }
            Err(fault) => {
                tracing::warn!(%fault, age = ?inner.keys.age(), "an issuer's keys are not had; those of before go on");
                backoff.next()
            }
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = inner.refresh.granted() => {}
        }
    }
}

async fn expire(inner: &Inner) {
    loop {
        inner.keys.expired().await;
        tracing::error!("an issuer's keys are too old to be trusted; none of its tokens is accepted");
        *inner.etag.lock().await = None;
    }
}

/// Takes the set, and says for how long it is good.
async fn fetch(inner: &Inner) -> Result<Duration, Fault> {
    let mut etag = inner.etag.lock().await;
    let mut request =
        inner.client.get(inner.address.clone()).header(ACCEPT, "application/jwk-set+json, application/json");
    if let Some(etag) = &*etag {
        request = request.header(IF_NONE_MATCH, etag.clone());
    }
    let mut answer = request.send().await?;
    let good_for = max_age(&answer).unwrap_or(inner.interval).clamp(SHORTEST, LONGEST);
    match answer.status() {
        StatusCode::NOT_MODIFIED if etag.is_some() => inner.keys.confirm(),
        StatusCode::OK => {
            let bytes = body(&mut answer).await?;
            let jwks = usable(strict_json::parse(&bytes, Limits::TOKEN)?);
            if inner.keys.replace(&jwks, Duration::ZERO)? {
                tracing::info!("an issuer's keys are others now");
            }
            *etag = answer.headers().get(ETAG).cloned();
            inner.had.send_replace(true);
        }
        other => return Err(Fault::Status(other)),
    }
    Ok(good_for)
}

async fn body(answer: &mut Response) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if bytes.len() + chunk.len() > MAX_BYTES {
            return Err(Fault::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn max_age(answer: &Response) -> Option<Duration> {
    let directives = answer.headers().get(CACHE_CONTROL)?.to_str().ok()?;
    let seconds = directives.split(',').find_map(|directive| directive.trim().strip_prefix("max-age="))?;
    seconds.parse().ok().map(Duration::from_secs)
}

/// Without the keys that are not for us; what is no set at all is told apart later.
fn usable(jwks: Value) -> Value {
    let Some(keys) = jwks.get("keys").and_then(Value::as_array) else { return jwks };
    let foreign =
        |key: &Value| matches!(VerifyingKey::from_jwk(key), Err(KeyError::Use | KeyError::Type | KeyError::Algorithm));
    json!({ "keys": keys.iter().filter(|key| !foreign(key)).collect::<Vec<_>>() })
}

fn is_loopback(address: &Url) -> bool {
    let host = address.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
