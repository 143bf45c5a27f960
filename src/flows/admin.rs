//! What an administrator does to the accounts of others.

use std::time::Duration;

use super::{Call, caller::ServiceCaller, password_reset, revoke};
use crate::{
    ctx::Ctx,
    domain::{
        Account, ClientId, Email, Event, EventKind, Name, Notice, NoticeKind, Session, UserId, account::AccountState,
        notice::AccountNews, revocation::RevocationReason, session::Subject,
    },
    error::{Error, Rule},
    storage::accounts::{AccountChange, Changed, Consequences},
};

/// Changes of one account by others that may fall into one of ours.
pub(super) const ATTEMPTS: usize = 3;

/// An account, with its sessions.
pub struct Found {
    /// The account.
    pub account: Account,
    /// Live ones, the last used first.
    pub sessions: Vec<Session>,
}

/// Finds an account by its id, its address, or both.
pub async fn find(
    ctx: &Ctx,
    call: &Call,
    caller: &ServiceCaller,
    id: Option<UserId>,
    email: Option<&Email>,
) -> Result<Found, Error> {
    let account = match (id, email) {
        (Some(id), _) => ctx.stores.accounts.by_id(id).await?,
        (None, Some(email)) => ctx.stores.accounts.by_email(email).await?,
        (None, None) => return Err(Error::invalid("user_id", Rule::Required)),
    };
    let is_it = |account: &Account| email.is_none_or(|email| account.email == *email);
    let account = account.filter(is_it).ok_or(Error::NotFound)?;
    let sessions = ctx.stores.sessions.list(account.id, caller.now).await?;
    ctx.audit(event(call, caller, EventKind::AdminUserRead, account.id)).await?;
    Ok(Found { account, sessions })
}

/// Keeps a person from signing in, or no longer.
pub async fn set_state(
    ctx: &Ctx,
    call: &Call,
    caller: &ServiceCaller,
    id: UserId,
    state: AccountState,
) -> Result<(), Error> {
    for _ in 0..ATTEMPTS {
        let account = ctx.stores.accounts.by_id(id).await?.ok_or(Error::NotFound)?;
        if account.state == state {
            return Ok(());
        }
        let reason = RevocationReason::AccountDisabled;
        let (kind, news, revocations) = match state {
            AccountState::Active => (EventKind::AdminUserEnabled, AccountNews::AccountEnabled, Vec::new()),
            AccountState::Disabled => {
                let everything = revoke::everything(ctx, id, reason, caller.now).await?;
                (EventKind::AdminUserDisabled, AccountNews::AccountDisabled, everything)
            }
        };
        let with = Consequences {
            revocations,
            events: vec![event(call, caller, kind, id)],
            notices: vec![notice(caller, &account, news)],
        };
        if let Changed::Done(numbers) =
            ctx.stores.accounts.change(&account, &AccountChange::State(state), &with).await?
        {
            revoke::follow_up(ctx, &with, numbers).await?;
            return match state {
                AccountState::Active => Ok(()),
                AccountState::Disabled => revoke::stragglers(ctx, call, id, None, reason).await,
            };
        }
    }
    Err(Error::Overloaded)
}

/// Ends every session of a person; how many.
pub async fn end_sessions(ctx: &Ctx, call: &Call, caller: &ServiceCaller, id: UserId) -> Result<u64, Error> {
    ctx.stores.accounts.by_id(id).await?.ok_or(Error::NotFound)?;
    let event = event(call, caller, EventKind::AdminSessionsEnded, id);
    revoke::end_everything(ctx, id, RevocationReason::Administrator, caller.now, event).await
}

/// Replaces the roles of a person.
///
/// Where one is taken away every session ends: a store that loses its last writes must
/// not bring it back.
pub async fn set_roles(
    ctx: &Ctx,
    call: &Call,
    caller: &ServiceCaller,
    id: UserId,
    roles: &[String],
) -> Result<Account, Error> {
    for _ in 0..ATTEMPTS {
        let account = ctx.stores.accounts.by_id(id).await?.ok_or(Error::NotFound)?;
        let is_less = account.roles.iter().any(|role| !roles.contains(role));
        let reason = RevocationReason::RolesChanged;
        let revocations = if is_less { revoke::everything(ctx, id, reason, caller.now).await? } else { Vec::new() };
        let events = vec![event(call, caller, EventKind::AdminRolesSet, id)];
        let with = Consequences { revocations, events, ..Consequences::default() };
        let change = AccountChange::Roles(roles.to_vec());
        let Changed::Done(numbers) = ctx.stores.accounts.change(&account, &change, &with).await? else { continue };
        revoke::follow_up(ctx, &with, numbers).await?;
        let changed = Account { roles: roles.to_vec(), ..account };
        if is_less {
            revoke::stragglers(ctx, call, id, None, reason).await?;
        } else {
            tell_sessions(ctx, &changed).await?;
        }
        return Ok(changed);
    }
    Err(Error::Overloaded)
}

pub(super) async fn tell_sessions(ctx: &Ctx, account: &Account) -> Result<(), Error> {
    let subject = Subject {
        email: account.email.clone(),
        email_verified: account.email_verified,
        roles: account.roles.clone(),
        issued_after: account.not_before,
    };
    Ok(ctx.stores.sessions.set_subject(account.id, &subject).await?)
}

/// Mails the person a code that lets them choose another password; its life.
pub async fn start_reset(
    ctx: &Ctx,
    call: &Call,
    caller: &ServiceCaller,
    id: UserId,
    client_id: &ClientId,
) -> Result<Duration, Error> {
    let account = ctx.stores.accounts.by_id(id).await?.ok_or(Error::NotFound)?;
    let life = password_reset::send(ctx, call, &account.email, client_id).await?;
    ctx.audit(event(call, caller, EventKind::AdminResetStarted, id)).await?;
    Ok(life)
}

/// To this person, by that service.
fn event(call: &Call, caller: &ServiceCaller, kind: EventKind, id: UserId) -> Event {
    let event = call.event(caller.now, kind).user(id);
    match ClientId::parse(&caller.claims.client_id) {
        Ok(client_id) => event.client(&client_id),
        Err(_) => event,
    }
}

/// Where the administrator sits is none of the person's business.
fn notice(caller: &ServiceCaller, account: &Account, what: AccountNews) -> Notice {
    let kind = NoticeKind::Account { what, device: Name::default(), address: None };
    Notice { at: caller.now, to: account.email.clone(), locale: account.locale, kind }
}
