//! TLS of the public listener, by files that are read again when they change.

mod files;
mod identity;
mod material;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};

use rustls::{
    ServerConfig,
    pki_types::UnixTime,
    server::{NoServerSessionStorage, WebPkiClientVerifier},
    sign::SingleCertAndKey,
    time_provider::TimeProvider,
    version::{TLS12, TLS13},
};
use tokio_rustls::TlsAcceptor;

pub use files::{TlsFault, TlsFiles};
pub use identity::PeerIdentity;

use self::{
    files::{Contents, Fingerprint},
    material::{Material, provider},
};
use crate::{clock::Clock, domain::Timestamp, telemetry::Metrics};

/// What clients may speak, the best first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// What became of a look at files that may have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// They are as they were when they were looked at last.
    Unchanged,
    /// New connections are made with what they hold now.
    Loaded,
    /// They cannot be used: what was loaded last is kept.
    Kept,
}

/// The certificate that connections are made with now.
pub struct Tls {
    files: TlsFiles,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    current: RwLock<Arc<ServerConfig>>,
    seen: Mutex<Seen>,
}

/// What the files held when they were looked at last, good or not.
struct Seen {
    fingerprint: Fingerprint,
    /// That it is too early for it, and nothing else, is wrong with it.
    is_early: bool,
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    ///
    /// All that is wrong with them, each by the name of its setting.
    pub fn load(files: &TlsFiles, clock: Arc<dyn Clock>, metrics: Arc<Metrics>) -> Result<Self, Vec<TlsFault>> {
        let contents = Contents::read(files);
        let config = usable(&contents, files, &clock, &metrics)?;
        let seen = Mutex::new(Seen { fingerprint: contents.fingerprint(), is_early: false });
        Ok(Self { files: files.clone(), clock, metrics, current: RwLock::new(Arc::new(config)), seen })
    }

    /// Looks at the files, and takes what they hold if that is new and can be used, or from
    /// when on it can. Reads from the disk: not for a task that others wait for.
    pub fn reload(&self) -> Reload {
        // Kept to the end: what was read first must not be taken last.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let contents = Contents::read(&self.files);
        let fingerprint = contents.fingerprint();
        let is_new = std::mem::replace(&mut seen.fingerprint, fingerprint) != fingerprint;
        if !is_new && !seen.is_early {
            return Reload::Unchanged;
        }
        match usable(&contents, &self.files, &self.clock, &self.metrics) {
            Ok(config) => {
                seen.is_early = false;
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
                self.metrics.tls_reload("loaded");
                tracing::info!("new connections are made with the new certificate");
                Reload::Loaded
            }
            Err(faults) => {
                seen.is_early = faults.iter().all(TlsFault::is_early);
                if !is_new {
                    return Reload::Unchanged;
                }
                for TlsFault { setting, problem } in faults {
                    tracing::error!(setting, problem, "a new certificate cannot be used; the one before is kept");
                }
                self.metrics.tls_reload("kept");
                Reload::Kept
            }
        }
    }

    /// What makes the next connection.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl Tls {
    /// How long it is until then, in seconds since the epoch.
    pub fn left(&self, until: u64) -> Duration {
        let now = u64::try_from(self.clock.now().seconds()).unwrap_or(0);
        Duration::from_secs(until.saturating_sub(now))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("files", &self.files).finish_non_exhaustive()
    }
}

/// Whether the files can be used.
///
/// # Errors
///
/// All that is wrong with them.
pub fn check(files: &TlsFiles, now: Timestamp) -> Result<(), Vec<TlsFault>> {
    Material::of(&Contents::read(files), now).map(drop)
}

fn usable(
    contents: &Contents,
    files: &TlsFiles,
    clock: &Arc<dyn Clock>,
    metrics: &Metrics,
) -> Result<ServerConfig, Vec<TlsFault>> {
    let material = Material::of(contents, clock.now())?;
    metrics.tls_certificate_ends(material.ends_at);
    server_config(material, files.is_client_optional, clock)
        .map_err(|error| vec![TlsFault::new(files::CERTIFICATE, error.to_string())])
}

fn server_config(
    material: Material,
    is_client_optional: bool,
    clock: &Arc<dyn Clock>,
) -> Result<ServerConfig, rustls::Error> {
    let time = Arc::new(Time(clock.clone()));
    let builder = ServerConfig::builder_with_details(provider(), time).with_protocol_versions(&[&TLS13, &TLS12])?;
    let knows_clients = material.client_roots.is_some();
    let builder = match material.client_roots {
        None => builder.with_no_client_auth(),
        Some(roots) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
            // One that is shown has to be good all the same.
            let verifier = if is_client_optional { verifier.allow_unauthenticated() } else { verifier };
            builder
                .with_client_cert_verifier(verifier.build().map_err(|error| rustls::Error::General(error.to_string()))?)
        }
    };
    let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(material.certified_key)));
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    if knows_clients {
        // Whoever resumes a session is not asked for a certificate again.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Ok(config)
}

/// Our clock, as rustls wants it.
struct Time(Arc<dyn Clock>);

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Time")
    }
}

impl TimeProvider for Time {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = u64::try_from(self.0.now().seconds()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}
