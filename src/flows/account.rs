//! The end of an account.

use super::{Call, caller::Caller, notice, revoke, step_up};
use crate::{
    ctx::Ctx,
    domain::{EventKind, Password, notice::AccountNews, revocation::RevocationReason},
    error::Error,
    storage::accounts::{AccountChange, Changed, Consequences},
};

/// Deletes the caller's account. Its id is never given to anybody else; its address is
/// free at once. What stays is the audit log, which names no address, and one line of
/// the journal for as long as a token of the account could come back.
pub async fn delete(ctx: &Ctx, call: &Call, caller: &Caller, password: Option<&Password>) -> Result<(), Error> {
    let account = ctx.stores.accounts.by_id(caller.user_id()).await?.ok_or(Error::SessionRevoked)?;
    step_up::prove(ctx, call, caller, &account, password).await?;

    let reason = RevocationReason::AccountDeleted;
    let event = call.event(caller.now, EventKind::AccountDeleted).user(account.id).session(caller.session.id);
    let with = Consequences {
        revocations: revoke::everything(ctx, account.id, reason, caller.now).await?,
        events: vec![event],
        notices: vec![notice::of(call, &account, AccountNews::AccountDeleted, caller.now)],
    };
    let Changed::Done(numbers) = ctx.stores.accounts.change(&account, &AccountChange::Deletion, &with).await? else {
        // Its address or password is another by now, so the proof is none.
        return Err(Error::StepUpRequired { max_auth_age: step_up::MAX_AUTH_AGE.as_secs() });
    };
    revoke::follow_up(ctx, &with, numbers).await?;
    revoke::stragglers(ctx, call, account.id, None, reason).await
}
