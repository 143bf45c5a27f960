//! What a proxy asks about: the request that it holds back.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri};

use crate::{
    error::{Error, Rule},
    proto::ext_authz::envoy::{
        config::core::v3::HeaderMap as RawHeaders,
        service::auth::v3::{CheckRequest, attribute_context::HttpRequest},
    },
};

/// Set for a route of the proxy, where no caller can reach it.
const POLICY: &str = "sekisho-policy";

/// The request of a caller, and which policy it falls under.
pub(super) struct Asked {
    /// The name that the proxy's route has chosen.
    pub(super) policy: Option<String>,
    /// Whom the caller means to call; in small letters, without a port.
    pub(super) host: String,
    /// Whether the path can be read in one way only.
    pub(super) is_plain: bool,
    pub(super) request: Request<()>,
}

impl Asked {
    /// # Errors
    ///
    /// The proxy says too little, or what it says is no request of HTTP.
    pub(super) fn read(check: CheckRequest) -> Result<Self, Error> {
        let attributes = check.attributes.unwrap_or_default();
        let http = attributes.request.and_then(|request| request.http);
        let http = http.ok_or_else(|| Error::invalid("attributes.request.http", Rule::Required))?;
        let method = Method::from_bytes(http.method.as_bytes());
        let method = method.map_err(|_| Error::invalid("attributes.request.http.method", Rule::Malformed))?;
        let headers = headers(&http)?;
        let path = http.path.split('?').next().unwrap_or_default();
        let uri = plain(path);
        let is_plain = uri.is_some();
        let mut request = Request::new(());
        *request.method_mut() = method;
        *request.uri_mut() = uri.unwrap_or_default();
        *request.headers_mut() = headers;
        let policy = attributes.context_extensions.get(POLICY).cloned();
        Ok(Self { policy, host: host(&http.host), is_plain, request })
    }
}

/// A path that nobody on the way could read as another: it is not decoded, resolved or
/// shortened by anybody.
fn plain(path: &str) -> Option<Uri> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"%\\;#?".contains(&byte);
    let mut segments = path.strip_prefix('/')?.split('/').peekable();
    while let Some(segment) = segments.next() {
        let is_empty = segment.is_empty() && segments.peek().is_some();
        if is_empty || matches!(segment, "." | "..") || !segment.bytes().all(is_plain) {
            return None;
        }
    }
    path.parse::<Uri>().ok().filter(|uri| uri.path() == path && uri.host().is_none())
}

fn host(authority: &str) -> String {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if is_port(port) && (host.ends_with(']') || !host.contains(':')) => host,
        _ => authority,
    };
    host.to_ascii_lowercase()
}

/// As a map with values joined by a comma or, with `encode_raw_headers`, one by one.
fn headers(http: &HttpRequest) -> Result<HeaderMap, Error> {
    let raw = http.header_map.as_ref().map(|map: &RawHeaders| map.headers.as_slice()).unwrap_or_default();
    let raw = raw.iter().map(|header| {
        let value = if header.raw_value.is_empty() { header.value.as_bytes() } else { &header.raw_value };
        (header.key.as_str(), value)
    });
    let joined = http.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let mut headers = HeaderMap::new();
    for (name, value) in joined.chain(raw).filter(|(name, _)| !name.starts_with(':')) {
        let read = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_bytes(value).ok());
        let (name, value) = read.ok_or_else(|| Error::invalid("attributes.request.http.headers", Rule::Malformed))?;
        let is_new = headers.try_append(name, value);
        is_new.map_err(|_| Error::invalid("attributes.request.http.headers", Rule::Malformed))?;
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_could_be_read_in_two_ways_is_none() {
        for path in ["/", "/orders", "/orders/7", "/orders/", "/shop.v1.Orders/List", "/a=b,c@d:e~f", "/.well-known/x"]
        {
            assert_eq!(plain(path).map(|uri| uri.path().to_owned()).as_deref(), Some(path));
        }
        for path in [
            "",
            "*",
            "orders",
            "http://orders/7",
            "//orders/7",
            "/orders//7",
            "/orders/./7",
            "/orders/../7",
            "/orders/..",
            "/orders/.",
            "/orders/%37",
            "/orders/%2e%2e/7",
            "/orders/7%2flines",
            "/orders\\7",
            "/orders/7;a=b",
            "/orders/7#lines",
            "/orders/\u{e9}",
            "/orders/ 7",
            "/orders/\t7",
            "/orders/\x007",
        ] {
            assert_eq!(plain(path), None, "{path:?}");
        }
    }

    #[test]
    fn a_host_is_its_name_without_the_port() {
        for (authority, wanted) in [
            ("Orders.Example.com", "orders.example.com"),
            ("orders:8080", "orders"),
            ("[2001:db8::1]:80", "[2001:db8::1]"),
            ("[2001:db8::1]", "[2001:db8::1]"),
            ("2001:db8::1", "2001:db8::1"),
            ("orders:", "orders:"),
            ("orders:80:90", "orders:80:90"),
            ("a@orders:80", "a@orders"),
            ("", ""),
        ] {
            assert_eq!(host(authority), wanted);
        }
    }
}
