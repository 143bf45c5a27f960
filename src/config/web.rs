//! Settings of what stands between a caller and the service.

use std::net::IpAddr;

use ipnet::IpNet;
use url::Url;

use super::{Web, reader::Reader, values::flag};

pub(super) fn web(reader: &mut Reader<'_>) -> Option<Web> {
    let allowed_origins = reader.optional("SEKISHO_ALLOWED_ORIGINS", |text| list(text, origin));
    let trusted_proxies = reader.optional("SEKISHO_TRUSTED_PROXIES", |text| list(text, network));
    let refresh_cookie = reader.required("SEKISHO_REFRESH_COOKIE", flag);
    Some(Web {
        allowed_origins: allowed_origins?.unwrap_or_default(),
        trusted_proxies: trusted_proxies?.unwrap_or_default(),
        refresh_cookie: refresh_cookie?,
    })
}

pub(super) fn list<T>(text: &str, read: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(read).collect()
}

/// Just as browsers write it: anything else would never be equal.
fn origin(text: &str) -> Result<String, String> {
    let is_http = |url: &Url| matches!(url.scheme(), "http" | "https");
    let canonical = Url::parse(text).ok().filter(is_http).map(|url| url.origin().ascii_serialization());
    if canonical.as_deref() == Some(text) && !text.contains('*') {
        Ok(text.to_owned())
    } else {
        Err("must be origins as browsers send them, such as https://app.example.com: scheme and host in small \
             letters, a port only where it is not the scheme's own, no path, no *"
            .to_owned())
    }
}

pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    let network = network.map_err(|_| "must be addresses or networks, such as 10.0.0.7 or 10.0.0.0/24")?;
    if network.prefix_len() == 0 {
        return Err("must not be everybody: whoever is believed can be anyone".to_owned());
    }
    if network.trunc() != network {
        return Err("must be networks by their first address, such as 10.0.0.0/24".to_owned());
    }
    if is_mapped(&network) {
        return Err("must have IPv4 addresses as such, and not as IPv6 ones".to_owned());
    }
    Ok(network)
}

fn is_mapped(network: &IpNet) -> bool {
    matches!(network, IpNet::V6(network) if network.network().to_ipv4_mapped().is_some())
}
