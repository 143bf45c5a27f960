//! Budgets that flows draw on before they do anything.
//!
//! Each act draws on several at once: a narrow one of the account, and wider ones of the
//! caller's network and client.

mod document;

use std::time::Duration;

pub use document::markdown;

use super::Call;
use crate::{
    ctx::Ctx,
    domain::{ClientId, EventKind, Limit, Network, Timestamp},
    error::Error,
    storage::limits::Rate,
};

/// Guesses of codes per mailbox, over all clients: 20 in a million a day.
pub const GUESSES: Rate = Rate { count: 20, per: Duration::from_secs(86_400) };

/// Whose budget an account's is: strangers must not be able to spend that of a client
/// on which the person has signed in before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Of all clients that the account does not know, together.
    Strangers,
    /// Of a client that it knows, alone.
    Known,
}

impl Side {
    /// By whether the account knows the client.
    pub fn of(is_known: bool) -> Self {
        if is_known { Self::Known } else { Self::Strangers }
    }

    fn either(self, strangers: Limit, known: Limit) -> Limit {
        match self {
            Self::Strangers => strangers,
            Self::Known => known,
        }
    }
}

/// Budgets that are drawn on together, and of which limit each is.
#[derive(Default)]
pub struct Budget {
    budgets: Vec<(String, Rate)>,
    limits: Vec<Limit>,
}

/// Who asks: by address, as far as it is known, and by client.
struct Asker {
    network: String,
    client: String,
}

impl Asker {
    fn of(call: &Call, client_id: &ClientId) -> Self {
        Self { network: network(call), client: client_id.as_str().to_owned() }
    }

    fn of_network(&self, act: &str) -> String {
        format!("{act}:network:{}", self.network)
    }

    fn of_client(&self, act: &str) -> String {
        format!("{act}:client:{}", self.client)
    }
}

/// Who shares a budget with a caller; empty where that is not known.
pub fn network(call: &Call) -> String {
    call.origin.address.map(|address| Network::of(address).to_string()).unwrap_or_default()
}

/// A rate and two slower ones: whoever goes on waits longer and longer, and never for
/// ever.
fn growing(rate: Rate, hour: u32, day: u32) -> [(&'static str, Rate); 3] {
    let slower = |count: u32, per| Rate { count: rate.count.saturating_mul(count), per: rate.per * per };
    // The slowest first: the wait for it is the longest.
    [(":day", slower(day, 288)), (":hour", slower(hour, 12)), ("", rate)]
}

/// A network has no less than an account.
fn no_less(wide: Rate, narrow: Rate) -> Rate {
    if wide.interval() <= narrow.interval() && wide.count >= narrow.count { wide } else { narrow }
}

impl Budget {
    /// Of a password that is presented for an account.
    pub fn login(ctx: &Ctx, call: &Call, mailbox: &[u8; 32], client_id: &ClientId, side: Side) -> Self {
        let (rules, asker) = (&ctx.rules.limits, Asker::of(call, client_id));
        let account = account("login", mailbox, &asker, side);
        let limit = side.either(Limit::LoginAccount, Limit::LoginKnownClient);
        Self::default()
            .and_tiers(limit, &account, growing(rules.login, 4, 12))
            .and(Limit::GuessNetwork, asker.of_network("guess"), no_less(rules.guess_network, rules.login))
            .and(Limit::GuessClient, asker.of_client("guess"), no_less(rules.client, rules.login))
    }

    /// Of a code that is presented for an address.
    pub fn guess(ctx: &Ctx, call: &Call, mailbox: &[u8; 32], client_id: &ClientId) -> Self {
        let (rules, asker) = (&ctx.rules.limits, Asker::of(call, client_id));
        Self::default()
            .and(Limit::CodeGuessAddress, account("code_guess", mailbox, &asker, Side::Strangers), GUESSES)
            .and(Limit::GuessNetwork, asker.of_network("guess"), no_less(rules.guess_network, rules.login))
            .and(Limit::GuessClient, asker.of_client("guess"), no_less(rules.client, rules.login))
    }

    /// Of a code that is to be mailed to an address.
    pub fn code(ctx: &Ctx, call: &Call, mailbox: &[u8; 32], client_id: &ClientId, side: Side) -> Self {
        let (rules, asker) = (&ctx.rules.limits, Asker::of(call, client_id));
        let account = account("code", mailbox, &asker, side);
        let limit = side.either(Limit::CodeAddress, Limit::CodeKnownClient);
        Self::default()
            .and_tiers(limit, &account, growing(rules.code, 2, 5))
            .and(Limit::CodeNetwork, asker.of_network("code"), no_less(rules.code_network, rules.code))
            .and(Limit::CodeClient, asker.of_client("code"), no_less(rules.client, rules.code))
            .and(Limit::CodeAll, "code:all".to_owned(), no_less(rules.mail, rules.code))
    }

    /// Of something whose name is no secret.
    pub fn of_text(limit: Limit, name: &str, text: &str, rate: Rate) -> Self {
        Self::default().and(limit, format!("{name}:{text}"), rate)
    }

    fn and(mut self, limit: Limit, key: String, rate: Rate) -> Self {
        self.budgets.push((key, rate));
        self.limits.push(limit);
        self
    }

    fn and_tiers(self, limit: Limit, key: &str, rates: [(&'static str, Rate); 3]) -> Self {
        rates.into_iter().fold(self, |budget, (tier, rate)| budget.and(limit, format!("{key}{tier}"), rate))
    }

    /// Takes one of each, or none, before anything else is done.
    pub async fn take(&self, ctx: &Ctx, call: &Call, now: Timestamp) -> Result<(), Error> {
        let taken = self.take_unrecorded(ctx, now).await;
        if matches!(taken, Err(Error::RateLimitExceeded { .. })) {
            ctx.audit(call.event(now, EventKind::RateLimited)).await?;
        }
        taken
    }

    /// The same for what leaves no trace in the audit log.
    pub async fn take_unrecorded(&self, ctx: &Ctx, now: Timestamp) -> Result<(), Error> {
        let Some(empty) = ctx.stores.limits.take_all(&self.budgets, now).await? else { return Ok(()) };
        ctx.metrics.limit_hit(self.limits[empty.place]);
        Err(Error::RateLimitExceeded { retry_after: empty.wait })
    }

    /// Gives them back: the call did no harm.
    pub async fn give_back(&self, ctx: &Ctx) -> Result<(), Error> {
        Ok(ctx.stores.limits.give_back_all(&self.budgets, ctx.now()).await?)
    }
}

/// The store learns of no mailbox.
fn account(name: &str, mailbox: &[u8; 32], asker: &Asker, side: Side) -> String {
    let digest = hex::encode(&mailbox[..16]);
    match side {
        Side::Strangers => format!("{name}:{digest}"),
        Side::Known => format!("{name}:{digest}:{}", asker.client),
    }
}
