//! A password that is to take the place of an account's present one. Flows that
//! set a password call this before they change anything.

use crate::{
    ctx::Ctx,
    domain::{Account, Password, account::StoredPassword},
    error::{Error, Rule, Violation},
};

/// Holds a password against the policy, then against those that the account had,
/// and hashes it. `field` is the one to blame.
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
) -> Result<StoredPassword, Error> {
    let broken = ctx.rules.passwords.breaches(password, Some(&account.email));
    if !broken.is_empty() {
        return Err(Error::Validation(broken.into_iter().map(|rule| Violation::new(field, rule)).collect()));
    }
    if was_used(ctx, password, account).await? {
        return Err(Error::invalid(field, Rule::ReusedPassword));
    }
    ctx.passwords.hash(password).await
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
