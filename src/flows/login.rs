//! Login with a password.

use super::{
    Call,
    limit::Budget,
    sign_in::{self, Proven, SignedIn},
};
use crate::{
    crypto::password::Check,
    ctx::Ctx,
    domain::{Account, ClientId, Email, EventKind, Name, Password, account::AccountState},
    error::Error,
};

/// Who signed in, and with what.
pub struct LoggedIn {
    /// The account.
    pub account: Account,
    /// The session.
    pub signed_in: SignedIn,
}

/// Checks a password and opens a session.
///
/// Each attempt takes from the account's budget before it is looked at, so that
/// many at once are no more than many in a row; only failures are kept.
pub async fn login(
    ctx: &Ctx,
    call: &Call,
    email: &Email,
    password: &Password,
    client_id: &ClientId,
    device: Option<Name>,
) -> Result<LoggedIn, Error> {
    let now = ctx.now();
    ctx.stores.sessions.ready().await?;
    let mailbox = ctx.secrets.mailbox_digest(email);
    let budget = Budget::new("login", &mailbox, ctx.rules.limit_login);
    budget.take(ctx, call, now).await?;
    let proof = prove(ctx, email, password).await;
    if !matches!(proof, Ok((_, Check::Wrong))) {
        budget.give_back(ctx).await?;
    }
    let (account, check) = proof?;

    let event = |kind| call.event(now, kind).client(client_id).mailbox(mailbox);
    let Some(account) = account else {
        ctx.audit(event(EventKind::LoginUnknown)).await?;
        return Err(Error::InvalidCredentials);
    };
    if check == Check::Wrong {
        ctx.audit(event(EventKind::LoginWrongPassword).user(account.id)).await?;
        return Err(Error::InvalidCredentials);
    }
    if account.state == AccountState::Disabled {
        ctx.audit(event(EventKind::LoginDisabled).user(account.id)).await?;
        return Err(Error::AccountDisabled);
    }
    if let Check::Outdated(renewed) = check {
        // Of two logins at once one renews it; either hash is right.
        ctx.stores.accounts.replace_password(account.id, &account.password, &renewed).await?;
    }
    let device = device.unwrap_or_else(|| call.user_agent.device());
    let proven = Proven { account: &account, client_id, device, amr: vec!["pwd".to_owned()] };
    let signed_in = sign_in::complete(ctx, call, proven, Some(EventKind::LoginSucceeded), now).await?;
    Ok(LoggedIn { account, signed_in })
}

async fn prove(ctx: &Ctx, email: &Email, password: &Password) -> Result<(Option<Account>, Check), Error> {
    let account = ctx.stores.accounts.by_email(email).await?;
    let check = ctx.passwords.check(password, account.as_ref().map(|account| &account.password)).await?;
    Ok((account, check))
}
