//! A day's events in numbers.

use std::{
    collections::{BTreeMap, HashMap},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::Duration,
};

use serde::Serialize;

use super::search::{Export, Filter};
use crate::{
    domain::{EventKind, Timestamp},
    storage::{Audit, Result, audit::AuditRow},
};

const DAY: Duration = Duration::from_secs(86_400);
/// Networks that are named.
const TOP: usize = 10;

/// What happened on one day, in UTC.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The day.
    pub day: String,
    /// All events.
    pub events: u64,
    /// Accounts that were made.
    pub sign_ups: u64,
    /// Logins that succeeded.
    pub logins: u64,
    /// Logins that did not.
    pub failed_logins: u64,
    /// Passwords that were set anew by mail.
    pub password_resets: u64,
    /// Refresh tokens that came back after they were spent.
    pub refresh_tokens_reused: u64,
    /// Sessions that ended to make room.
    pub sessions_evicted: u64,
    /// Events by kind.
    pub kinds: BTreeMap<String, u64>,
    /// Those with the most failed logins, then the most events.
    pub networks: Vec<Network>,
}

/// A network that calls came from.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Network {
    /// A /24 of IPv4 or a /48 of IPv6.
    pub network: String,
    /// All events.
    pub events: u64,
    /// Failed logins.
    pub failed_logins: u64,
}

/// Reads the day that begins then.
pub async fn of_day(audit: &dyn Audit, begin: Timestamp) -> Result<Report> {
    let (mut kinds, mut networks) = (BTreeMap::<String, u64>::new(), HashMap::new());
    let filter = Filter { from: Some(begin), to: Some(begin + DAY), ..Filter::default() };
    let mut export = Export::new(audit, filter);
    while let Some(rows) = export.next().await? {
        for row in rows {
            count_network(&mut networks, &row);
            *kinds.entry(row.kind).or_default() += 1;
        }
    }
    let count = |kind: &str| kinds.get(kind).copied().unwrap_or_default();
    Ok(Report {
        day: begin.to_string().chars().take(10).collect(),
        events: kinds.values().sum(),
        sign_ups: count("signup_completed"),
        logins: count("login_succeeded"),
        failed_logins: kinds.iter().filter(|(kind, _)| is_failed_login(kind)).map(|(_, number)| number).sum(),
        password_resets: count(EventKind::PasswordReset.as_str()),
        refresh_tokens_reused: count("refresh_reused"),
        sessions_evicted: count("session_evicted"),
        networks: top(networks),
        kinds,
    })
}

fn is_failed_login(kind: &str) -> bool {
    kind.starts_with("login_") && kind != "login_succeeded"
}

fn count_network(networks: &mut HashMap<String, (u64, u64)>, row: &AuditRow) {
    let Some(address) = row.address.as_ref().and_then(|text| text.parse().ok()) else { return };
    let (failed_logins, events) = networks.entry(network(address)).or_default();
    *failed_logins += u64::from(is_failed_login(&row.kind));
    *events += 1;
}

fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => format!("{}/24", Ipv4Addr::from_bits(address.to_bits() & (!0 << 8))),
        IpAddr::V6(address) => format!("{}/48", Ipv6Addr::from_bits(address.to_bits() & (!0 << 80))),
    }
}

fn top(networks: HashMap<String, (u64, u64)>) -> Vec<Network> {
    let mut all: Vec<_> = networks.into_iter().collect();
    all.sort_unstable_by(|(name, numbers), (other, others)| others.cmp(numbers).then_with(|| name.cmp(other)));
    let named = |(network, (failed_logins, events))| Network { network, events, failed_logins };
    all.into_iter().take(TOP).map(named).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_are_one() {
        for (address, wanted) in [
            ("192.0.2.255", "192.0.2.0/24"),
            ("::ffff:192.0.2.1", "192.0.2.0/24"),
            ("2001:db8:1:2::1", "2001:db8:1::/48"),
        ] {
            assert_eq!(network(address.parse().unwrap()), wanted);
        }
    }
}
