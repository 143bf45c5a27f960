//! Budgets that flows draw on before they do anything.

use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use super::Call;
use crate::{
    ctx::Ctx,
    domain::{EventKind, Timestamp},
    error::Error,
    storage::limits::Rate,
};

/// Guesses of codes per mailbox, over all clients: 20 in a million a day.
pub const GUESSES: Rate = Rate { count: 20, per: Duration::from_secs(86_400) };

/// Who shares a budget with a caller: an IPv4 address, or the network of an IPv6
/// address, of which anybody has as many as he likes.
pub fn network(call: &Call) -> String {
    match call.origin.address {
        Some(IpAddr::V6(address)) => format!("{}/64", Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        Some(address) => address.to_string(),
        None => String::new(),
    }
}

/// A budget, of one mailbox mostly.
pub struct Budget {
    key: String,
    rate: Rate,
}

impl Budget {
    /// `name` tells budgets of the same mailbox apart.
    pub fn new(name: &str, mailbox: &[u8; 32], rate: Rate) -> Self {
        let digest = hex::encode(&mailbox[..16]);
        Self { key: format!("{name}:{digest}"), rate }
    }

    /// A budget of something whose name is no secret.
    pub fn of_text(name: &str, text: &str, rate: Rate) -> Self {
        Self { key: format!("{name}:{text}"), rate }
    }

    /// Takes one, before anything else is done.
    pub async fn take(&self, ctx: &Ctx, call: &Call, now: Timestamp) -> Result<(), Error> {
        let taken = self.take_unrecorded(ctx, now).await;
        if matches!(taken, Err(Error::RateLimitExceeded { .. })) {
            ctx.audit(call.event(now, EventKind::RateLimited)).await?;
        }
        taken
    }

    /// The same for what leaves no trace in the audit log.
    pub async fn take_unrecorded(&self, ctx: &Ctx, now: Timestamp) -> Result<(), Error> {
        match ctx.stores.limits.take(&self.key, self.rate, now).await? {
            None => Ok(()),
            Some(retry_after) => Err(Error::RateLimitExceeded { retry_after }),
        }
    }

    /// Gives it back: the call did no harm.
    pub async fn give_back(&self, ctx: &Ctx) -> Result<(), Error> {
        Ok(ctx.stores.limits.give_back(&self.key, self.rate).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Origin;

    /// R11.
    #[test]
    fn a_network_is_an_address_or_a_64() {
        let of = |address: &str| {
            network(&Call { origin: Origin { address: address.parse().ok(), ..Origin::default() }, ..Call::default() })
        };
        assert_eq!(of("192.0.2.1"), "192.0.2.1");
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(of("2001:db8:1:3::1"), of("2001:db8:1:2::1"));
        assert_eq!(of(""), "");
    }
}
