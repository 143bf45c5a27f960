//! Another password, by somebody who is signed in and knows the one before.

use super::{Call, caller::Caller, new_password, notice, revoke, step_up};
use crate::{
    ctx::Ctx,
    domain::{EventKind, Password, notice::AccountNews, revocation::RevocationReason},
    error::{Error, Rule},
    storage::accounts::{AccountChange, Changed, Consequences},
};

/// Changes it, and ends every other session.
pub async fn change(ctx: &Ctx, call: &Call, caller: &Caller, current: &Password, new: &Password) -> Result<(), Error> {
    let account = ctx.stores.accounts.by_id(caller.user_id()).await?.ok_or(Error::SessionRevoked)?;
    step_up::prove(ctx, call, caller, &account, Some(current)).await?;
    if current.expose() == new.expose() {
        return Err(Error::invalid("new_password", Rule::Unchanged));
    }
    let new = new_password::hash(ctx, "new_password", new, &account, caller.now).await?;

    let (reason, own) = (RevocationReason::PasswordChanged, caller.session.id);
    let others = ctx.stores.sessions.list(caller.user_id(), caller.now).await?;
    let others = others.iter().filter(|session| session.id != own);
    let event = call.event(caller.now, EventKind::PasswordChanged).user(account.id).session(own);
    let with = Consequences {
        revocations: others.map(|session| revoke::revocation(ctx, session, reason, caller.now)).collect(),
        events: vec![event],
        notices: vec![notice::of(call, &account, AccountNews::PasswordChanged, caller.now)],
    };
    let change = AccountChange::Password(new);
    let Changed::Done(numbers) = ctx.stores.accounts.change(&account, &change, &with).await? else {
        // The password that was proven is another by now.
        return Err(Error::InvalidCredentials);
    };
    revoke::follow_up(ctx, &with, numbers).await?;
    revoke::stragglers(ctx, call, account.id, Some(own), reason).await
}
