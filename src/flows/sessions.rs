//! The caller's own sessions.

use super::{Call, caller::Caller, revoke};
use crate::{
    ctx::Ctx,
    domain::{EventKind, Session, SessionId, revocation::RevocationReason},
    error::Error,
};

/// Lists them, the last used first.
pub async fn list(ctx: &Ctx, call: &Call, caller: &Caller) -> Result<Vec<Session>, Error> {
    let sessions = ctx.stores.sessions.list(caller.user_id(), caller.now).await?;
    ctx.audit(call.event(caller.now, EventKind::SessionsListed).user(caller.user_id())).await?;
    Ok(sessions)
}

/// Ends one. Another person's is not found, as is one that does not exist.
pub async fn revoke(ctx: &Ctx, call: &Call, caller: &Caller, id: SessionId) -> Result<(), Error> {
    let session = ctx.stores.sessions.get(caller.user_id(), id, caller.now).await?;
    let event = |kind| call.event(caller.now, kind).user(caller.user_id()).session(id);
    let Some(session) = session else {
        ctx.audit(event(EventKind::SessionNotFound)).await?;
        return Err(Error::NotFound);
    };
    let revocation = revoke::revocation(ctx, &session, RevocationReason::Revoked, caller.now);
    revoke::end(ctx, revocation, event(EventKind::SessionRevoked), None).await.map(drop)
}

/// Ends all of them, or all others; how many.
pub async fn revoke_all(ctx: &Ctx, call: &Call, caller: &Caller, keep_current: bool) -> Result<u64, Error> {
    if keep_current { revoke_others(ctx, call, caller).await } else { revoke_every(ctx, call, caller).await }
}

async fn revoke_every(ctx: &Ctx, call: &Call, caller: &Caller) -> Result<u64, Error> {
    let event = call.event(caller.now, EventKind::SessionsRevoked).user(caller.user_id());
    revoke::end_everything(ctx, caller.user_id(), RevocationReason::Revoked, caller.now, event).await
}

async fn revoke_others(ctx: &Ctx, call: &Call, caller: &Caller) -> Result<u64, Error> {
    let mut others = ctx.stores.sessions.list(caller.user_id(), caller.now).await?;
    others.retain(|session| session.id != caller.session.id);
    let event = call.event(caller.now, EventKind::SessionsRevoked).user(caller.user_id()).session(caller.session.id);
    let revocations: Vec<_> =
        others.iter().map(|session| revoke::revocation(ctx, session, RevocationReason::Revoked, caller.now)).collect();
    revoke::take_back(ctx, &revocations, &[event], &[]).await?;
    Ok(others.len() as u64)
}
