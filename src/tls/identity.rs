//! Who a client is by its certificate.

use rustls::ServerConnection;
use webpki::EndEntityCert;

use super::material;

/// The names in the certificate of a client, which an authority of
/// `SEKISHO_TLS_CLIENT_CA` has vouched for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerIdentity {
    /// Its SPIFFE ID, if it has exactly one URI and that is one (X.509-SVID, section 2).
    pub spiffe_id: Option<String>,
    /// Its DNS names.
    pub dns_names: Vec<String>,
    /// When it ends, in seconds since the epoch.
    pub ends_at: u64,
}

impl PeerIdentity {
    /// Of the other side of a connection; `None`: it was asked for no certificate.
    pub fn of(connection: &ServerConnection) -> Option<Self> {
        // The handshake has verified it.
        let shown = connection.peer_certificates()?;
        let certificate = EndEntityCert::try_from(shown.first()?).ok()?;
        let mut uris = certificate.valid_uri_names();
        let only = uris.next().filter(|_| uris.next().is_none());
        Some(Self {
            spiffe_id: only.filter(|uri| uri.starts_with("spiffe://")).map(str::to_owned),
            dns_names: certificate.valid_dns_names().map(str::to_owned).collect(),
            ends_at: material::not_after(shown),
        })
    }
}
