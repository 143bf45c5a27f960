//! Taking things back. The journal comes first: it is the truth that the other
//! stores are mended from. Acknowledged is what they all have.

use std::iter;

use super::Call;
use crate::{
    ctx::Ctx,
    domain::{
        Event, EventKind, Notice, Revocation, Session, SessionId, Timestamp, UserId,
        revocation::{RevocationReason, Target},
    },
    error::Error,
    storage::{self, accounts::Consequences},
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

/// The journal's lines for all sessions of a person: one for all, and one for each that
/// began later than that says, as after a clock was set back.
pub async fn everything(
    ctx: &Ctx,
    user_id: UserId,
    reason: RevocationReason,
    now: Timestamp,
) -> Result<Vec<Revocation>, Error> {
    let mut later = ctx.stores.sessions.list(user_id, now).await?;
    let not_before = later.iter().map(first_second).fold(now, Timestamp::max);
    let last_end = later.iter().map(|session| session.ends_at).fold(now, Timestamp::max);
    later.retain(|session| session.created_at > not_before);
    // A session may be older than the rule for how long it lives.
    let expires_at = (now + ctx.rules.sessions.max_age.max(ctx.rules.access_ttl)).max(last_end);
    let all = Revocation { user_id, target: Target::User, not_before, reason, expires_at };
    Ok(iter::once(all).chain(later.iter().map(|session| revocation(ctx, session, reason, now))).collect())
}

/// The earliest `iat` of a session's tokens: after an end of all sessions in the
/// same second it is a second ahead, and another such end must strike it too.
fn first_second(session: &Session) -> Timestamp {
    Timestamp::from_seconds(session.subject.issued_after.seconds() + 1)
}

/// Ends what was begun with a credential that is worth nothing any more, while that was
/// being written down: the sign-in had its last look at the account before.
pub async fn stragglers(
    ctx: &Ctx,
    call: &Call,
    user_id: UserId,
    but: Option<SessionId>,
    reason: RevocationReason,
) -> Result<(), Error> {
    let now = ctx.now();
    for session in ctx.stores.sessions.list(user_id, now).await? {
        if Some(session.id) != but {
            let event = call.event(now, EventKind::SessionRevoked).user(user_id).session(session.id);
            end(ctx, revocation(ctx, &session, reason, now), event, None).await?;
        }
    }
    Ok(())
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
    let with = Consequences { revocations: revocations.to_vec(), events: events.to_vec(), notices: notices.to_vec() };
    follow_up(ctx, &with, numbers).await
}

/// What is to be done once it is written down, with these numbers; how many sessions
/// this ended.
pub async fn follow_up(ctx: &Ctx, written: &Consequences, numbers: Vec<i64>) -> Result<u64, Error> {
    if !written.revocations.is_empty() {
        ctx.feed.wake();
    }
    if !written.notices.is_empty() {
        ctx.notices.notify_one();
    }
    let mut ended = 0;
    for revocation in &written.revocations {
        ended += apply(ctx, revocation).await?;
    }
    let lines: Vec<_> = numbers.into_iter().zip(written.revocations.iter().cloned()).collect();
    ctx.stores.revocations.publish(&lines).await?;
    written.events.iter().for_each(|event| ctx.note(event));
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
