//! Step-up: sensitive acts of somebody who is signed in need a proof of identity that
//! is recent, or one that comes with the request (RFC 9470).

use std::time::Duration;

use super::{
    Call,
    caller::Caller,
    limit::Budget,
    tokens::{self, TokenPair},
};
use crate::{
    crypto::password::Check,
    ctx::Ctx,
    domain::{Account, EventKind, Password, Session},
    error::Error,
};

/// How old the proof may be for a sensitive act.
pub const MAX_AUTH_AGE: Duration = Duration::from_secs(300);

/// That the caller is the account's person now; without a password, by the time of the
/// last proof.
pub async fn prove(
    ctx: &Ctx,
    call: &Call,
    caller: &Caller,
    account: &Account,
    password: Option<&Password>,
) -> Result<(), Error> {
    match password {
        Some(password) => prove_by_password(ctx, call, caller, account, password).await,
        None if caller.now.since(caller.session.auth_time) <= MAX_AUTH_AGE => Ok(()),
        None => Err(Error::StepUpRequired { max_auth_age: MAX_AUTH_AGE.as_secs() }),
    }
}

/// A wrong password here is a failed login: it takes from the same budget.
async fn prove_by_password(
    ctx: &Ctx,
    call: &Call,
    caller: &Caller,
    account: &Account,
    password: &Password,
) -> Result<(), Error> {
    let mailbox = ctx.secrets.mailbox_digest(&account.email);
    let budget = Budget::new("login", &mailbox, ctx.rules.limit_login);
    budget.take(ctx, call, caller.now).await?;
    let check = ctx.passwords.check(password, Some(&account.password)).await;
    if !matches!(check, Ok(Check::Wrong)) {
        budget.give_back(ctx).await?;
    }
    if check? == Check::Wrong {
        let event = call.event(caller.now, EventKind::StepUpWrongPassword).mailbox(mailbox);
        ctx.audit(event.user(caller.user_id()).session(caller.session.id)).await?;
        return Err(Error::InvalidCredentials);
    }
    Ok(())
}

/// Proves identity within the session, which gets tokens that say so. The refresh token
/// is the current one: the chain does not advance.
pub async fn reauthenticate(ctx: &Ctx, call: &Call, caller: &Caller, password: &Password) -> Result<TokenPair, Error> {
    let account = ctx.stores.accounts.by_id(caller.user_id()).await?.ok_or(Error::SessionRevoked)?;
    prove_by_password(ctx, call, caller, &account, password).await?;
    let mut session = Session { auth_time: caller.now, ..caller.session.clone() };
    if !session.amr.iter().any(|method| method == "pwd") {
        session.amr.push("pwd".to_owned());
    }
    if !ctx.stores.sessions.set_proof(&session, caller.now).await? {
        return Err(Error::SessionRevoked);
    }
    let event = call.event(caller.now, EventKind::Reauthenticated).user(caller.user_id());
    ctx.audit(event.session(session.id)).await?;
    tokens::issue(ctx, &session, caller.now)
}
