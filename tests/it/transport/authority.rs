//! Authorities, what they issue, and files of it.

use std::{fs, path::PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use tempfile::TempDir;

/// One who issues certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, in PEM.
pub struct Issued {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// For DNS names.
    pub fn issue(&self, names: &[&str]) -> Issued {
        self.issue_with(names, |_| {})
    }

    /// For a SPIFFE ID and DNS names.
    pub fn issue_spiffe(&self, id: &str, names: &[&str]) -> Issued {
        self.issue_with(names, |params| params.subject_alt_names.push(SanType::URI(id.try_into().unwrap())))
    }

    pub fn issue_with(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Issued {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        Issued { certificate: params.signed_by(&key, &self.0).unwrap().pem(), key: key.serialize_pem() }
    }
}

/// A folder as a server is given it.
pub struct Files(TempDir);

impl Files {
    pub fn of(issued: &Issued) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        files.put(issued);
        files
    }

    /// Puts another certificate in the place of the one that is there.
    pub fn put(&self, issued: &Issued) {
        self.write("tls.crt", &issued.certificate);
        self.write("tls.key", &issued.key);
    }

    pub fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The settings that name them.
    pub fn settings(&self) -> [(&'static str, String); 2] {
        let path = |name| self.path(name).display().to_string();
        [("SEKISHO_TLS_CERT", path("tls.crt")), ("SEKISHO_TLS_KEY", path("tls.key"))]
    }
}
