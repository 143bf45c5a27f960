//! The way to the issuer.

use std::{net::IpAddr, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use tonic::transport::{Channel, Endpoint, Uri};

#[cfg(feature = "tls")]
pub(crate) use self::files::TlsFiles;
use crate::trust::builder::TrustError;

#[cfg(not(feature = "tls"))]
#[derive(Clone, Default)]
pub(crate) struct TlsFiles;

#[cfg(not(feature = "tls"))]
impl TlsFiles {
    const fn are_named(&self) -> bool {
        false
    }
}

/// A channel, which is another one once its certificate is.
pub(crate) struct Link {
    channel: ArcSwap<Channel>,
    #[cfg(feature = "tls")]
    files: Option<files::Followed>,
}

impl Link {
    /// One that somebody else has made.
    pub(crate) fn over(channel: Channel) -> Self {
        Self {
            channel: ArcSwap::from_pointee(channel),
            #[cfg(feature = "tls")]
            files: None,
        }
    }

    pub(crate) fn to(address: &str, plaintext: bool, files: &TlsFiles) -> Result<Self, TrustError> {
        let uri: Uri = address.parse().map_err(|_| TrustError::Address)?;
        let host = uri.host().ok_or(TrustError::Address)?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if plaintext || is_loopback(host) => false,
            Some("http") => return Err(TrustError::Plaintext),
            _ => return Err(TrustError::Address),
        };
        let endpoint = Endpoint::from(uri)
            .connect_timeout(Duration::from_secs(5))
            .tcp_nodelay(true)
            .http2_keep_alive_interval(Duration::from_secs(10))
            .keep_alive_timeout(Duration::from_secs(5))
            .keep_alive_while_idle(true);
        match secure {
            true => Self::encrypted(endpoint, files),
            false if files.are_named() => Err(TrustError::Unencrypted),
            false => Ok(Self::over(endpoint.connect_lazy())),
        }
    }

    #[cfg(feature = "tls")]
    fn encrypted(endpoint: Endpoint, files: &TlsFiles) -> Result<Self, TrustError> {
        let (files, channel) = files::Followed::load(endpoint, files.clone())?;
        Ok(Self { channel: ArcSwap::from_pointee(channel), files: Some(files) })
    }

    #[cfg(not(feature = "tls"))]
    fn encrypted(_: Endpoint, _: &TlsFiles) -> Result<Self, TrustError> {
        Err(TrustError::NoTls)
    }

    pub(crate) fn channel(&self) -> Channel {
        Channel::clone(&self.channel.load())
    }

    /// Goes on with what the files of the certificate hold now.
    #[cfg(feature = "tls")]
    pub(crate) async fn renew(self: &Arc<Self>) {
        let link = Arc::clone(self);
        let renewed = tokio::task::spawn_blocking(move || {
            if let Some(channel) = link.files.as_ref().and_then(files::Followed::renewed) {
                link.channel.store(Arc::new(channel));
            }
        });
        if renewed.await.is_err() {
            tracing::warn!("the files of the certificate could not be looked at");
        }
    }

    /// There is none.
    #[cfg(not(feature = "tls"))]
    pub(crate) async fn renew(self: &Arc<Self>) {}
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(feature = "tls")]
mod files {
    use std::{
        fs, io,
        path::PathBuf,
        sync::{Mutex, PoisonError},
    };

    use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
    use zeroize::Zeroizing;

    use crate::trust::builder::TrustError;

    const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

    /// Where the certificates are, in PEM.
    #[derive(Clone, Default)]
    pub(crate) struct TlsFiles {
        pub(crate) identity: Option<(PathBuf, PathBuf)>,
        pub(crate) authorities: Option<PathBuf>,
    }

    /// What they hold.
    #[derive(PartialEq)]
    struct Contents {
        identity: Option<(Vec<u8>, Zeroizing<Vec<u8>>)>,
        authorities: Option<Vec<u8>>,
    }

    pub(super) struct Followed {
        endpoint: Endpoint,
        files: TlsFiles,
        seen: Mutex<Contents>,
    }

    impl Followed {
        pub(super) fn load(endpoint: Endpoint, files: TlsFiles) -> Result<(Self, Channel), TrustError> {
            let seen = files.read().map_err(TrustError::Files)?;
            let channel = connect(&endpoint, &seen).map_err(TrustError::Tls)?;
            Ok((Self { endpoint, files, seen: Mutex::new(seen) }, channel))
        }

        /// `None`: they are as before, or cannot be used.
        pub(super) fn renewed(&self) -> Option<Channel> {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let now = self.files.read().inspect_err(|error| {
                tracing::warn!(%error, "the certificate cannot be read; the one before goes on");
            });
            let now = now.ok().filter(|now| *now != *seen)?;
            let channel = connect(&self.endpoint, &now).inspect_err(|_| {
                tracing::warn!("the new certificate cannot be used; the one before goes on");
            });
            *seen = now;
            channel.ok()
        }
    }

    impl TlsFiles {
        pub(super) const fn are_named(&self) -> bool {
            self.identity.is_some() || self.authorities.is_some()
        }

        fn read(&self) -> io::Result<Contents> {
            let identity = self
                .identity
                .as_ref()
                .map(|(certificate, key)| Ok::<_, io::Error>((fs::read(certificate)?, Zeroizing::new(fs::read(key)?))));
            let authorities = self.authorities.as_ref().map(fs::read).transpose()?;
            // Of an empty file TLS makes one that knows nobody.
            if authorities.as_ref().is_some_and(|pem| !pem.windows(BEGIN.len()).any(|line| line == BEGIN)) {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "there is no certificate in it"));
            }
            Ok(Contents { identity: identity.transpose()?, authorities })
        }
    }

    fn connect(endpoint: &Endpoint, contents: &Contents) -> Result<Channel, tonic::transport::Error> {
        let mut tls = match &contents.authorities {
            Some(pem) => ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)),
            None => ClientTlsConfig::new().with_enabled_roots(),
        };
        if let Some((certificate, key)) = &contents.identity {
            tls = tls.identity(Identity::from_pem(certificate, key.as_slice()));
        }
        Ok(endpoint.clone().tls_config(tls)?.connect_lazy())
    }
}
