//! The caller's own profile.

use super::{Call, caller::Caller};
use crate::{
    ctx::Ctx,
    domain::{Account, EventKind},
    error::Error,
    storage::accounts::ProfileChange,
};

/// Reads it.
pub async fn get(ctx: &Ctx, call: &Call, caller: &Caller) -> Result<Account, Error> {
    let account = ctx.stores.accounts.by_id(caller.user_id()).await?;
    ctx.audit(call.event(caller.now, EventKind::ProfileRead).user(caller.user_id())).await?;
    account.ok_or(Error::SessionRevoked)
}

/// Changes it.
pub async fn update(ctx: &Ctx, call: &Call, caller: &Caller, change: &ProfileChange) -> Result<Account, Error> {
    let event = call.event(caller.now, EventKind::ProfileUpdated).user(caller.user_id()).session(caller.session.id);
    let account = ctx.stores.accounts.update_profile(caller.user_id(), change, &event).await?;
    let account = account.ok_or(Error::SessionRevoked)?;
    ctx.note(&event);
    Ok(account)
}
