//! The caller's own sessions.

use super::{Call, caller::Caller, revoke};
use crate::{
    ctx::Ctx,
    domain::{
        EventKind, Revocation, Session, SessionId, Timestamp,
        revocation::{RevocationReason, Target},
    },
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

/// One line of the journal, whatever the number of sessions; and one for each
/// that began later than it says, as after a clock was set back.
async fn revoke_every(ctx: &Ctx, call: &Call, caller: &Caller) -> Result<u64, Error> {
    let mut later = ctx.stores.sessions.list(caller.user_id(), caller.now).await?;
    let not_before = later.iter().map(first_second).fold(caller.now, Timestamp::max);
    let last_end = later.iter().map(|session| session.ends_at).fold(caller.now, Timestamp::max);
    later.retain(|session| session.created_at > not_before);
    let event = call.event(caller.now, EventKind::SessionsRevoked).user(caller.user_id());
    let everything = Revocation {
        user_id: caller.user_id(),
        target: Target::User,
        not_before,
        reason: RevocationReason::Revoked,
        // A session may be older than the rule for how long it lives.
        expires_at: (caller.now + ctx.rules.sessions.max_age.max(ctx.rules.access_ttl)).max(last_end),
    };
    let revocations: Vec<Revocation> = std::iter::once(everything).chain(revocations(ctx, caller, &later)).collect();
    revoke::take_back(ctx, &revocations, &[event], &[]).await
}

/// The earliest `iat` of a session's tokens: after an end of all sessions in the
/// same second it is a second ahead, and another such end must strike it too.
fn first_second(session: &Session) -> Timestamp {
    Timestamp::from_seconds(session.subject.issued_after.seconds() + 1)
}

async fn revoke_others(ctx: &Ctx, call: &Call, caller: &Caller) -> Result<u64, Error> {
    let mut others = ctx.stores.sessions.list(caller.user_id(), caller.now).await?;
    others.retain(|session| session.id != caller.session.id);
    let event = call.event(caller.now, EventKind::SessionsRevoked).user(caller.user_id()).session(caller.session.id);
    let revocations: Vec<Revocation> = revocations(ctx, caller, &others).collect();
    revoke::take_back(ctx, &revocations, &[event], &[]).await
}

fn revocations(ctx: &Ctx, caller: &Caller, sessions: &[Session]) -> impl Iterator<Item = Revocation> {
    sessions.iter().map(|session| revoke::revocation(ctx, session, RevocationReason::Revoked, caller.now))
}
