//! The files, and what is wrong with them.

use std::{fmt, fs, io, path::PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use zeroize::Zeroizing;

/// The settings that name the files.
pub(super) const CERTIFICATE: &str = "SEKISHO_TLS_CERT";
pub(super) const KEY: &str = "SEKISHO_TLS_KEY";
pub(super) const CLIENT_CA: &str = "SEKISHO_TLS_CLIENT_CA";

/// Where the certificate and what belongs to it is, each in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and after it those that lead to its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Authorities, by one of which clients are known.
    pub client_ca: Option<PathBuf>,
    /// Whether a client may do without.
    pub is_client_optional: bool,
}

/// One thing that is wrong with the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFault {
    /// The setting that names the file.
    pub setting: &'static str,
    /// What is wrong; nothing of what is in the file.
    pub problem: String,
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.problem)
    }
}

/// Of a certificate that begins later.
pub(super) const EARLY: &str = "is not valid yet";

impl TlsFault {
    /// Whether it mends itself.
    pub(super) fn is_early(&self) -> bool {
        self.problem == EARLY
    }

    pub(super) fn new(setting: &'static str, problem: impl Into<String>) -> Self {
        Self { setting, problem: problem.into() }
    }
}

/// What stands for the contents of all files.
pub(super) type Fingerprint = [u8; 32];

type Content = Result<Zeroizing<Vec<u8>>, io::ErrorKind>;

/// What is in the files.
pub(super) struct Contents {
    pub(super) certificate: Content,
    pub(super) key: Content,
    pub(super) client_ca: Option<Content>,
}

impl Contents {
    pub(super) fn read(files: &TlsFiles) -> Self {
        let read = |path: &PathBuf| fs::read(path).map(Zeroizing::new).map_err(|error| error.kind());
        Self {
            certificate: read(&files.certificate),
            key: read(&files.key),
            client_ca: files.client_ca.as_ref().map(read),
        }
    }

    /// By the contents and not by the time of the files: that is the same for a
    /// second, and a mounted folder is swapped as a whole.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        let mut digest = Context::new(&SHA256);
        for content in [Some(&self.certificate), Some(&self.key), self.client_ca.as_ref()].into_iter().flatten() {
            match content {
                Ok(bytes) => {
                    digest.update(&(bytes.len() as u64).to_be_bytes());
                    digest.update(bytes);
                }
                Err(kind) => digest.update(format!("{kind:?}").as_bytes()),
            }
        }
        let mut fingerprint = [0; 32];
        fingerprint.copy_from_slice(digest.finish().as_ref());
        fingerprint
    }
}
