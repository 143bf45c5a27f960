//! Taking things back. The journal comes first: it is the truth that the other
//! stores are mended from. Acknowledged is what they all have.

use crate::{
    ctx::Ctx,
    domain::{
        Event, Notice, Revocation, Session, SessionId, Timestamp, UserId,
        revocation::{RevocationReason, Target},
    },
    error::Error,
    storage,
};

/// The journal's line for one session: it lasts as long as any record of the
/// session, however often it was refreshed, or token of it, that somebody could
/// bring back.
pub fn revocation(ctx: &Ctx, session: &Session, reason: RevocationReason, now: Timestamp) -> Revocation {
    let expires_at = session.ends_at.max(now + ctx.rules.access_ttl);
    Revocation { expires_at, ..of_lost(ctx, session.user_id, session.id, reason, now) }
}

/// The same for a session that the store does not know: it may have lost it, and be
/// given it back from a dump.
pub fn of_lost(ctx: &Ctx, user_id: UserId, id: SessionId, reason: RevocationReason, now: Timestamp) -> Revocation {
    let longest = ctx.rules.sessions.max_age.max(ctx.rules.access_ttl);
    Revocation { user_id, target: Target::Session(id), not_before: now, reason, expires_at: now + longest }
}

/// Writes it down with what belongs to it, ends what is not ended yet, and makes
/// it known; how many sessions this ended.
pub async fn take_back(
    ctx: &Ctx,
    revocations: &[Revocation],
    events: &[Event],
    notices: &[Notice],
) -> Result<u64, Error> {
    let numbers = ctx.stores.journal.append(revocations, events, notices).await?;
    if !revocations.is_empty() {
        ctx.feed.wake();
    }
    if !notices.is_empty() {
        ctx.notices.notify_one();
    }
    let mut ended = 0;
    for revocation in revocations {
        ended += apply(ctx, revocation).await?;
    }
    let lines: Vec<_> = numbers.into_iter().zip(revocations.iter().cloned()).collect();
    ctx.stores.revocations.publish(&lines).await?;
    events.iter().for_each(|event| ctx.note(event));
    Ok(ended)
}

/// Does to the sessions what a line of the journal says; how many it ended.
pub async fn apply(ctx: &Ctx, revocation: &Revocation) -> storage::Result<u64> {
    let sessions = &ctx.stores.sessions;
    match revocation.target {
        Target::Token(_) => Ok(0),
        Target::Session(id) => sessions.end(revocation.user_id, id).await.map(u64::from),
        Target::User => sessions.end_until(revocation.user_id, revocation.not_before).await,
    }
}

/// Takes one session back, whether or not its store has ended it already; written
/// down, and told to the person, once. Whether this was the time.
pub async fn end(ctx: &Ctx, revocation: Revocation, event: Event, notice: Option<Notice>) -> Result<bool, Error> {
    let (number, is_new) = ctx.stores.journal.append_once(&revocation, &event, notice.as_ref()).await?;
    ctx.feed.wake();
    if is_new && notice.is_some() {
        ctx.notices.notify_one();
    }
    apply(ctx, &revocation).await?;
    if is_new {
        ctx.stores.revocations.publish(&[(number, revocation)]).await?;
        ctx.note(&event);
    }
    Ok(is_new)
}
