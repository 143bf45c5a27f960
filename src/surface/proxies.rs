//! The proxies in front of the service, whose word is taken for who calls.

use std::{net::IpAddr, sync::Arc};

use http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

use super::forwarded;

/// Headers of the caller, and the names under which grpc-gateway passes them on:
/// the plain ones are then its own.
const OF_GATEWAY: [(HeaderName, HeaderName); 4] = [
    (header::ACCEPT_LANGUAGE, HeaderName::from_static("grpcgateway-accept-language")),
    (header::USER_AGENT, HeaderName::from_static("grpcgateway-user-agent")),
    (HeaderName::from_static("traceparent"), HeaderName::from_static("grpcgateway-traceparent")),
    (HeaderName::from_static("x-request-id"), HeaderName::from_static("grpcgateway-x-request-id")),
];

/// The networks of proxies, from `SEKISHO_TRUSTED_PROXIES`.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Arc<[IpNet]>);

impl Proxies {
    /// Whoever has an address in one of these is a proxy.
    pub fn new(networks: &[IpNet]) -> Self {
        Self(networks.into())
    }

    /// The address of the client behind `peer`. Where `peer` is a proxy, the
    /// headers become those that its client sent, as far as they mean anything.
    pub(super) fn see_through(&self, peer: IpAddr, headers: &mut HeaderMap) -> IpAddr {
        // An IPv4 address is one, also when it arrives through an IPv6 socket.
        let peer = peer.to_canonical();
        if !self.know(peer) {
            return peer;
        }
        unwrap(headers);
        forwarded::client(peer, headers, |address| self.know(address))
    }

    pub(super) fn know(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

fn unwrap(headers: &mut HeaderMap) {
    for (name, wrapped) in &OF_GATEWAY {
        if let Some(value) = headers.remove(wrapped) {
            headers.insert(name, value);
        }
    }
    // This one grpc-gateway passes on under its own name, too.
    if let Some(value) = headers.remove("grpcgateway-authorization") {
        headers.entry(header::AUTHORIZATION).or_insert(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn see_through(peer: &str, networks: &[&str], headers: &mut HeaderMap) -> String {
        let networks: Vec<IpNet> = networks.iter().map(|network| network.parse().unwrap()).collect();
        Proxies::new(&networks).see_through(peer.parse().unwrap(), headers).to_string()
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    /// R66.
    #[test]
    fn only_proxies_are_believed() {
        for (peer, networks, wanted) in [
            ("10.1.2.3", &["10.0.0.0/8"][..], "192.0.2.7"),
            ("::ffff:10.1.2.3", &["10.0.0.0/8"], "192.0.2.7"),
            ("2001:db8::1", &["10.0.0.0/8", "2001:db8::/64"], "192.0.2.7"),
            ("11.1.2.3", &["10.0.0.0/8"], "11.1.2.3"),
            ("2001:db8:0:1::1", &["2001:db8::/64"], "2001:db8:0:1::1"),
            ("10.1.2.3", &[], "10.1.2.3"),
            ("::ffff:10.1.2.3", &[], "10.1.2.3"),
        ] {
            let mut headers = headers(&[("x-forwarded-for", "192.0.2.7")]);
            assert_eq!(see_through(peer, networks, &mut headers), wanted, "{peer} {networks:?}");
        }
    }

    #[test]
    fn a_gateways_names_are_its_callers_words() {
        let sent = [
            ("user-agent", "grpc-go/1.70"),
            ("grpcgateway-user-agent", "Browser/1"),
            ("grpcgateway-accept-language", "ja"),
            ("grpcgateway-authorization", "Bearer a"),
        ];
        let mut of_gateway = headers(&sent);
        see_through("10.0.0.1", &["10.0.0.1/32"], &mut of_gateway);
        let wanted = [("user-agent", "Browser/1"), ("accept-language", "ja"), ("authorization", "Bearer a")];
        assert_eq!(of_gateway, headers(&wanted));
        let mut of_stranger = headers(&sent);
        see_through("10.0.0.2", &["10.0.0.1/32"], &mut of_stranger);
        assert_eq!(of_stranger, headers(&sent));
    }

    #[test]
    fn a_token_that_comes_under_both_names_is_one() {
        let mut both = headers(&[("authorization", "Bearer a"), ("grpcgateway-authorization", "Bearer b")]);
        see_through("10.0.0.1", &["10.0.0.1/32"], &mut both);
        assert_eq!(both, headers(&[("authorization", "Bearer a")]));
    }
}
