//! From the contents of the files to what a handshake needs, or to all that is
//! wrong with them.

use std::{sync::Arc, time::Duration};

use rustls::{
    RootCertStore,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject},
    sign::CertifiedKey,
};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use super::files::{CERTIFICATE, CLIENT_CA, Contents, EARLY, KEY, TlsFault};
use crate::domain::Timestamp;

type Chain = Vec<CertificateDer<'static>>;

/// What a handshake needs.
pub(super) struct Material {
    pub(super) certified_key: CertifiedKey,
    pub(super) client_roots: Option<RootCertStore>,
    /// The end of the certificate, in seconds since the epoch.
    pub(super) ends_at: u64,
}

/// The one of the process.
pub(super) fn provider() -> Arc<CryptoProvider> {
    CryptoProvider::get_default().cloned().unwrap_or_else(|| Arc::new(aws_lc_rs::default_provider()))
}

impl Material {
    /// # Errors
    ///
    /// All that is wrong.
    pub(super) fn of(contents: &Contents, now: Timestamp) -> Result<Self, Vec<TlsFault>> {
        let chain = bytes(&contents.certificate).and_then(chain);
        let ends_at = chain.as_ref().map_err(Clone::clone).and_then(|chain| end(chain, now));
        let key = bytes(&contents.key).and_then(key);
        let client_roots = contents.client_ca.as_ref().map(|content| bytes(content).and_then(roots)).transpose();

        let mut faults = Vec::new();
        let ends_at = kept(ends_at, CERTIFICATE, &mut faults);
        let key = kept(key, KEY, &mut faults);
        let client_roots = kept(client_roots, CLIENT_CA, &mut faults);
        let certified_key = match (chain, key) {
            (Ok(chain), Some(key)) => kept(certified(chain, key), KEY, &mut faults),
            _ => None,
        };
        match (certified_key, client_roots, ends_at) {
            (Some(certified_key), Some(client_roots), Some(ends_at)) => {
                Ok(Self { certified_key, client_roots, ends_at })
            }
            _ => Err(faults),
        }
    }
}

fn kept<T>(read: Result<T, String>, setting: &'static str, faults: &mut Vec<TlsFault>) -> Option<T> {
    read.map_err(|problem| faults.push(TlsFault::new(setting, problem))).ok()
}

fn bytes<E: std::fmt::Display>(content: &Result<zeroize::Zeroizing<Vec<u8>>, E>) -> Result<&[u8], String> {
    content.as_ref().map(|bytes| bytes.as_slice()).map_err(|kind| format!("cannot be read: {kind}"))
}

fn chain(pem: &[u8]) -> Result<Chain, String> {
    // The parser's own message quotes the file.
    let chain = CertificateDer::pem_slice_iter(pem).collect::<Result<Chain, _>>().map_err(|_| "is not PEM")?;
    if chain.is_empty() { Err("holds no certificate".to_owned()) } else { Ok(chain) }
}

fn key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|_| "holds no private key in PEM, or an encrypted one".to_owned())
}

fn certified(chain: Chain, key: PrivateKeyDer<'static>) -> Result<CertifiedKey, String> {
    let key = provider().key_provider.load_private_key(key).map_err(|_| "is of a kind that TLS cannot use")?;
    let certified = CertifiedKey::new(chain, key);
    certified.keys_match().map_err(|_| "is not the key of the certificate")?;
    Ok(certified)
}

fn roots(pem: &[u8]) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in chain(pem)? {
        roots.add(certificate).map_err(|_| "holds a certificate that cannot be read")?;
    }
    Ok(roots)
}

/// When the certificate ends, if it is good now.
fn end(chain: &Chain, now: Timestamp) -> Result<u64, String> {
    let now = Duration::from_secs(u64::try_from(now.seconds()).unwrap_or(0));
    match validity(chain, UnixTime::since_unix_epoch(now))? {
        Some(webpki::Error::CertExpired { .. }) => return Err("has expired".to_owned()),
        Some(webpki::Error::CertNotValidYet { .. }) => return Err(EARLY.to_owned()),
        _ => {}
    }
    Ok(not_after(chain))
}

/// When the first certificate ends, in seconds since the epoch. One that cannot be read has
/// ended.
pub(super) fn not_after(chain: &[CertificateDer<'_>]) -> u64 {
    // webpki tells the end to whoever asks after it.
    match validity(chain, UnixTime::since_unix_epoch(Duration::from_secs(u64::MAX))) {
        Ok(Some(webpki::Error::CertExpired { not_after, .. })) => not_after.as_secs(),
        Ok(_) => u64::MAX,
        Err(_) => 0,
    }
}

/// What webpki says of the certificate at a time. It looks at the dates first; that
/// the certificate is no authority of its own is no matter here.
fn validity(chain: &[CertificateDer<'_>], at: UnixTime) -> Result<Option<webpki::Error>, String> {
    let unreadable = |_| "holds a certificate that cannot be read".to_owned();
    let certificate = chain.first().ok_or("holds no certificate")?;
    let anchor = [anchor_from_trusted_cert(certificate).map_err(unreadable)?];
    let certificate = EndEntityCert::try_from(certificate).map_err(unreadable)?;
    let algorithms = provider().signature_verification_algorithms.all;
    let usage = KeyUsage::server_auth();
    Ok(certificate.verify_for_usage(algorithms, &anchor, &[], at, usage, None, None).err())
}
