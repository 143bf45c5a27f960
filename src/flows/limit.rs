//! Budgets that flows draw on before they do anything.

use std::time::Duration;

use super::Call;
use crate::{
    ctx::Ctx,
    domain::{EventKind, Timestamp},
    error::Error,
    storage::limits::Rate,
};

/// Guesses of codes per mailbox, over all clients: 20 in a million a day.
pub const GUESSES: Rate = Rate { count: 20, per: Duration::from_secs(86_400) };

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
        let Some(retry_after) = ctx.stores.limits.take(&self.key, self.rate, now).await? else { return Ok(()) };
        ctx.audit(call.event(now, EventKind::RateLimited)).await?;
        Err(Error::RateLimitExceeded { retry_after })
    }

    /// Gives it back: the call did no harm.
    pub async fn give_back(&self, ctx: &Ctx) -> Result<(), Error> {
        Ok(ctx.stores.limits.give_back(&self.key, self.rate).await?)
    }
}
