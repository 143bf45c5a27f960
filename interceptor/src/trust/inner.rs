//! What the handle and its task share.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use serde_json::{Map, Value, json};
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};
use tonic::{Request, Status, transport::Channel};

use crate::{
    backoff::Randomness,
    key_store::KeyStore,
    proto::{GetKeysRequest, GetKeysResponse, IntrospectRequest, JsonWebKey, token_service_client::TokenServiceClient},
    refresh::Refresh,
    revocations::RevocationSet,
    trust::{
        credentials::{Bearer, Credentials},
        event::{Health, TrustEvent, TrustMeter},
        key_file,
        link::Link,
        steady::SteadyClock,
    },
};

const NEVER: i64 = i64::MIN;
/// How long keys may be fetched for.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often the age in the file is brought up to date.
const SAVE_EVERY: Duration = Duration::from_secs(600);

pub(crate) struct Inner {
    pub(crate) link: Arc<Link>,
    pub(crate) credentials: Credentials,
    pub(crate) subscriber: String,
    pub(crate) silence: Duration,
    pub(crate) first_wait: Duration,
    pub(crate) longest_wait: Duration,
    pub(crate) budget: Duration,
    pub(crate) healthy: Duration,
    pub(crate) random: Randomness,
    pub(crate) clock: Arc<SteadyClock>,
    pub(crate) set: RevocationSet,
    pub(crate) keys: KeyStore,
    pub(crate) key_file: Option<PathBuf>,
    pub(crate) refresh: Refresh,
    pub(crate) meter: Option<Arc<dyn TrustMeter>>,
    pub(crate) changes: watch::Sender<u64>,
    pub(crate) progress: watch::Sender<()>,
    pub(crate) born: Instant,
    /// Microseconds from `born` to the moment up to which everything is known.
    pub(crate) known: AtomicI64,
    pub(crate) saved: AtomicI64,
}

impl Inner {
    pub(crate) fn client(&self) -> TokenServiceClient<Channel> {
        TokenServiceClient::new(self.link.channel())
    }

    pub(crate) async fn bearer(&self) -> Result<Bearer, Status> {
        self.credentials.bearer(&self.link.channel(), &self.random).await
    }

    pub(crate) fn note(&self, event: &TrustEvent) {
        if let Some(meter) = &self.meter {
            meter.note(event);
        }
    }

    /// By monotonic time alone: no two clocks have to agree.
    pub(crate) fn staleness(&self) -> Option<Duration> {
        let known = self.known.load(Ordering::Acquire);
        if known == NEVER {
            return None;
        }
        if self.set.overflowed() {
            return Some(Duration::MAX);
        }
        let since = micros(self.born.elapsed()).saturating_sub(known);
        Some(Duration::from_micros(u64::try_from(since).unwrap_or(0)))
    }

    pub(crate) fn health(&self) -> Health {
        if self.keys.keys().is_empty() {
            return Health::NoKeys;
        }
        match self.staleness() {
            Some(staleness) if staleness <= self.healthy => Health::Ready,
            Some(staleness) => Health::Stale(staleness),
            None => Health::Stale(self.born.elapsed()),
        }
    }

    /// Everything is known that was there `behind` ago. What was known once stays known,
    /// so another replica that is further behind takes nothing away.
    ///
    /// `keys_stand`: the server gave keys that were taken, and would have said if they
    /// were others now.
    pub(crate) fn complete(&self, behind: Duration, keys_stand: bool) {
        let known = micros(self.born.elapsed()).saturating_sub(micros(behind));
        self.known.fetch_max(known, Ordering::AcqRel);
        if keys_stand {
            self.keys.confirm();
        }
        self.set.expire(self.clock.now());
        self.note(&TrustEvent::Complete { behind, entries: self.set.len() });
        self.progress.send_replace(());
    }

    /// What is known may have holes.
    pub(crate) fn incomplete(&self) {
        self.known.store(NEVER, Ordering::Release);
    }

    pub(crate) fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Takes the issuer's keys, or goes on with those of before. Whether they were taken.
    pub(crate) fn take_keys(&self, answer: &GetKeysResponse) -> bool {
        // An issuer with HS256 publishes none, and means the secret that both have.
        if answer.keys.is_empty() && self.keys.age().is_none() && !self.keys.keys().is_empty() {
            return true;
        }
        match self.keys.replace(&jwks(answer), Duration::ZERO) {
            Ok(true) => {
                let count = answer.keys.len();
                tracing::info!(count, "the issuer's keys are others now");
                self.note(&TrustEvent::Keys { count });
                self.saved.store(NEVER, Ordering::Release);
                self.changed();
                self.progress.send_replace(());
                true
            }
            Ok(false) => true,
            Err(fault) => {
                tracing::warn!(%fault, "the issuer's keys are not accepted; those of before go on");
                self.note(&TrustEvent::KeysRefused);
                false
            }
        }
    }

    /// Asks for the keys outside of the feed. Whether they were had.
    pub(crate) async fn fetch_keys(&self) -> bool {
        let mut client = self.client();
        let answer = timeout(PATIENCE, client.get_keys(Request::new(GetKeysRequest {}))).await;
        if let Ok(Ok(answer)) = answer {
            let taken = self.take_keys(answer.get_ref());
            self.save().await;
            return taken;
        }
        tracing::warn!(age = ?self.keys.age(), "the issuer's keys cannot be had; those of before go on");
        self.note(&TrustEvent::KeysUnavailable);
        false
    }

    /// Writes the keys down, if that was not done for a while.
    pub(crate) async fn save(&self) {
        let now = micros(self.born.elapsed());
        let saved = self.saved.load(Ordering::Acquire);
        let due = saved == NEVER || now.saturating_sub(saved) >= micros(SAVE_EVERY);
        let (Some(path), Some(jwks), true) = (self.key_file.clone(), self.keys.jwks(), due) else { return };
        self.saved.store(now, Ordering::Release);
        // As old as they are: a restart must not make keys younger that nobody confirms.
        let age = self.keys.age().map_or(0, |age| i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
        let at = self.clock.now().saturating_sub(age);
        let written = tokio::task::spawn_blocking(move || key_file::write(&path, &jwks, at)).await;
        if !matches!(written, Ok(Ok(()))) {
            tracing::warn!("the issuer's keys cannot be written to the key file");
        }
    }

    pub(crate) async fn introspect(&self, token: String) -> Result<bool, Status> {
        let mut request = self.bearer().await?.request(IntrospectRequest { token })?;
        request.set_timeout(self.budget);
        match self.client().introspect(request).await {
            Ok(answer) => Ok(answer.get_ref().active),
            Err(status) => {
                self.credentials.refused(&status).await;
                Err(status)
            }
        }
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

fn jwks(answer: &GetKeysResponse) -> Value {
    json!({ "keys": answer.keys.iter().map(jwk).collect::<Vec<_>>() })
}

fn jwk(key: &JsonWebKey) -> Value {
    let given = [("kty", &key.kty), ("use", &key.r#use), ("kid", &key.kid), ("alg", &key.alg)]
        .map(|(name, value)| (name, Some(value).filter(|value| !value.is_empty())));
    let optional = [("crv", &key.crv), ("x", &key.x), ("y", &key.y), ("n", &key.n), ("e", &key.e)]
        .map(|(name, value)| (name, value.as_ref()));
    let members: Map<String, Value> = given
        .into_iter()
        .chain(optional)
        .filter_map(|(name, value)| Some((name.to_owned(), Value::from(value?.as_str()))))
        .collect();
    Value::Object(members)
}
