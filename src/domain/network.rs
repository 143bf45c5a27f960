//! Networks of callers, for limits: who has one address has all of them.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// The prefix of IPv4 addresses written as IPv6 ones, `64:ff9b::/96` (RFC 6052,
/// section 2.1): to a server without IPv4 it is the whole IPv4 internet.
const TRANSLATED: [u16; 6] = [0x64, 0xff9b, 0, 0, 0, 0];

/// The smallest network that is handed out to one customer: one address of IPv4,
/// a /64 of IPv6 (RFC 6177). IPv4 is IPv4, however it is written.
///
/// Its text is the key of a limit: `192.0.2.7` or `2001:db8:1:2::/64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// The network of an address.
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => translated(address).map_or_else(|| IpAddr::V6(prefix(address)), IpAddr::V4),
        })
    }
}

fn translated(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [_, _, _, _, _, _, _, _, _, _, _, _, a, b, c, d] = address.octets();
    address.segments().starts_with(&TRANSLATED).then(|| Ipv4Addr::new(a, b, c, d))
}

fn prefix(address: Ipv6Addr) -> Ipv6Addr {
    Ipv6Addr::from_bits(address.to_bits() & (!0 << 64))
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(address) => address.fmt(f),
            IpAddr::V6(prefix) => write!(f, "{prefix}/64"),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(address: &str) -> String {
        Network::of(address.parse().unwrap()).to_string()
    }

    /// R11.
    #[test]
    fn every_spelling_of_a_network_is_one_key() {
        for (address, wanted) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("::ffff:c000:207", "192.0.2.7"),
            ("64:ff9b::192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:0DB8:1:2::", "2001:db8:1:2::/64"),
            ("2001:db8:1:3::", "2001:db8:1:3::/64"),
            ("64:ff9b:1::192.0.2.7", "64:ff9b:1::/64"),
            ("::1", "::/64"),
            ("fe80::1", "fe80::/64"),
        ] {
            assert_eq!(key(address), wanted, "{address}");
        }
    }

    proptest! {
        /// R11. Who has a /64 may take another address for each guess.
        #[test]
        fn a_64_has_one_key(network: u64, one: u64, other: u64) {
            let address = |host: u64| IpAddr::V6(Ipv6Addr::from_bits(u128::from(network) << 64 | u128::from(host)));
            // The two prefixes under which hosts are IPv4 addresses.
            prop_assume!(network != 0 && network != 0x64_ff9b << 32);
            prop_assert_eq!(Network::of(address(one)), Network::of(address(other)));
        }

        /// R11.
        #[test]
        fn addresses_of_ipv4_have_a_key_each(one: u32, other: u32) {
            let network = |bits: u32| Network::of(Ipv4Addr::from_bits(bits).into());
            prop_assert_eq!(network(one) == network(other), one == other);
        }
    }
}
