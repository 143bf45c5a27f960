//! What a sign-up form may tell while a password is typed. Nothing of it is
//! written down, and no account is looked at.

use std::time::Duration;

use zeroize::Zeroizing;

use super::{
    Call,
    limit::{Budget, network},
};
use crate::{
    ctx::Ctx,
    domain::{Email, Limit, password::Strength},
    error::{Error, Rule},
    storage::limits::Rate,
};

/// Of all who share a network. A form asks when the typing pauses.
pub(super) const CHECKS: Rate = Rate { count: 120, per: Duration::from_secs(60) };

/// What there is to say of a password.
pub struct Judged {
    /// Every rule that it breaks; none if it may be chosen.
    pub broken: Vec<Rule>,
    /// How hard it is to guess.
    pub strength: Strength,
}

/// Judges a text that may become a password, whatever it is.
pub async fn check(ctx: &Ctx, call: &Call, text: Zeroizing<String>, email: Option<&Email>) -> Result<Judged, Error> {
    let now = ctx.now();
    let budget = Budget::of_text(Limit::PasswordCheck, "password_check", &network(call), CHECKS);
    budget.take_unrecorded(ctx, now).await?;
    let policy = &ctx.rules.passwords;
    let broken = policy.choose(&text, email).err().unwrap_or_default();
    let words = policy.words_about(email);
    let strength = ctx.passwords.estimate(text, words).await?;
    Ok(Judged { broken, strength })
}
