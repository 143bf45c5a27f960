//! How the first administrator comes to be: by a token that the operator has printed,
//! and that one person can redeem.

use super::{Call, admin, caller::Caller, notice, revoke, step_up};
use crate::{
    crypto::admin_token::AdminToken,
    ctx::Ctx,
    domain::{
        Account, EventKind, Revocation,
        notice::AccountNews,
        revocation::{RevocationReason, Target},
        roles,
    },
    error::{Error, Rule},
    storage::accounts::{AccountChange, Changed, Consequences},
};

/// Verifiers of a spent token may be behind by that.
const CLOCKS_DIFFER: std::time::Duration = std::time::Duration::from_secs(600);

/// Gives the caller the role. `None` is a text that is no token at all, which is as
/// good as one that we did not make.
///
/// The token is spent first: where the role cannot be given after that, it is worth
/// nothing, and the operator prints another.
pub async fn claim(ctx: &Ctx, call: &Call, caller: &Caller, token: Option<AdminToken>) -> Result<Account, Error> {
    let account = ctx.stores.accounts.by_id(caller.user_id()).await?.ok_or(Error::SessionRevoked)?;
    step_up::prove(ctx, call, caller, &account, None).await?;
    let event = |kind| call.event(caller.now, kind).user(account.id).session(caller.session.id);
    let Some(token) = token.filter(|token| token.is_good(&ctx.secrets, caller.now)) else {
        ctx.audit(event(EventKind::AdminTokenRefused)).await?;
        return Err(Error::SessionNotFound);
    };
    // There may be no room for one more: before the token is spent.
    with_admin(&account)?;
    let spent = Revocation {
        user_id: account.id,
        target: Target::Token(token.id()),
        not_before: caller.now,
        reason: RevocationReason::Administrator,
        expires_at: token.expires_at() + CLOCKS_DIFFER,
    };
    let (_, is_new) = ctx.stores.journal.append_once(&spent, &event(EventKind::AdminTokenSpent), None).await?;
    if !is_new {
        ctx.audit(event(EventKind::AdminTokenRefused)).await?;
        return Err(Error::SessionNotFound);
    }
    ctx.note(&event(EventKind::AdminTokenSpent));
    give(ctx, call, caller).await
}

async fn give(ctx: &Ctx, call: &Call, caller: &Caller) -> Result<Account, Error> {
    for _ in 0..admin::ATTEMPTS {
        let account = ctx.stores.accounts.by_id(caller.user_id()).await?.ok_or(Error::SessionRevoked)?;
        let roles = with_admin(&account)?;
        let event = call.event(caller.now, EventKind::AdminRolesSet).user(account.id).session(caller.session.id);
        let with = Consequences {
            events: vec![event],
            notices: vec![notice::of(call, &account, AccountNews::MadeAdministrator, caller.now)],
            ..Consequences::default()
        };
        let change = AccountChange::Roles(roles.clone());
        let Changed::Done(numbers) = ctx.stores.accounts.change(&account, &change, &with).await? else { continue };
        revoke::follow_up(ctx, &with, numbers).await?;
        let changed = Account { roles, ..account };
        admin::tell_sessions(ctx, &changed).await?;
        return Ok(changed);
    }
    Err(Error::Overloaded)
}

/// The roles of the account, and this one.
fn with_admin(account: &Account) -> Result<Vec<String>, Error> {
    let others = account.roles.iter().map(String::as_str).filter(|role| *role != roles::ADMIN);
    let all: Vec<&str> = others.chain([roles::ADMIN]).collect();
    roles::parse(&all).map_err(|_| Error::invalid("token", Rule::TooLong(roles::MAX_ROLES)))
}
