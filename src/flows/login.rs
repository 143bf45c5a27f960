//! Login with a password.

use super::{
    Call, code,
    limit::{Budget, Side},
    sign_in::{self, Acquaintance, Proven, SignedIn},
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
    let account = ctx.stores.accounts.by_email(email).await?;
    let is_known = code::knows(ctx, account.as_ref(), client_id).await?;
    let budget = Budget::login(ctx, call, &mailbox, client_id, Side::of(is_known));
    budget.take(ctx, call, now).await?;
    let check = ctx.passwords.check(password, account.as_ref().map(|account| &account.password)).await;
    if !matches!(check, Ok(Check::Wrong)) {
        budget.give_back(ctx).await?;
    }
    let check = check?;

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
    let acquaintance = if is_known { Acquaintance::Known } else { Acquaintance::New };
    let proven = Proven { account: &account, client_id, device, amr: vec!["pwd".to_owned()], acquaintance };
    let signed_in = sign_in::complete(ctx, call, proven, Some(EventKind::LoginSucceeded), now).await?;
    Ok(LoggedIn { account, signed_in })
}
