//! A password that is to take the place of an account's present one. Flows that
//! set a password call this before they change anything.

use std::time::Duration;

use crate::{
    ctx::Ctx,
    domain::{Account, Password, Timestamp},
    error::{Error, Rule, Violation},
    storage::accounts::NewPassword,
};

/// Holds a password against the policy, then against those that the account had,
/// and hashes it; to be written then. `field` is the one to blame.
///
/// Former passwords are looked at only where nothing else is wrong, for each of
/// them costs a hash. One after the other: a call never holds more than one place in
/// the queue of the hashing threads, and where that is full the answer is
/// [`Error::Overloaded`].
pub async fn hash(
    ctx: &Ctx,
    field: &'static str,
    password: &Password,
    account: &Account,
    now: Timestamp,
) -> Result<NewPassword, Error> {
    let broken = ctx.rules.passwords.breaches(password, Some(&account.email));
    if !broken.is_empty() {
        return Err(Error::Validation(broken.into_iter().map(|rule| Violation::new(field, rule)).collect()));
    }
    if was_used(ctx, password, account).await? {
        return Err(Error::invalid(field, Rule::ReusedPassword));
    }
    let stored = ctx.passwords.hash(password).await?;
    // Its time tells it from the one before, also where the clock stood still.
    let at = now.max(account.password_changed_at + Duration::from_micros(1));
    Ok(NewPassword { stored, at, keep: ctx.rules.passwords.former().unwrap_or_default() })
}

async fn was_used(ctx: &Ctx, password: &Password, account: &Account) -> Result<bool, Error> {
    let Some(former) = ctx.rules.passwords.former() else { return Ok(false) };
    if ctx.passwords.is_of(password, &account.password).await? {
        return Ok(true);
    }
    for stored in ctx.stores.accounts.former_passwords(account.id, former).await? {
        if ctx.passwords.is_of(password, &stored).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
