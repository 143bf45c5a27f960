//! Taking a session back. The journal comes first: it is the truth that the
//! other stores are mended from.

use crate::{
    ctx::Ctx,
    domain::{
        Event, Notice, Revocation, Session, Timestamp,
        revocation::{RevocationReason, Target},
    },
    error::Error,
};

/// The journal's line for one session: it lasts as long as any record of the
/// session, or token of it, that somebody could bring back.
pub fn revocation(ctx: &Ctx, session: &Session, reason: RevocationReason, now: Timestamp) -> Revocation {
    Revocation {
        user_id: session.user_id,
        target: Target::Session(session.id),
        not_before: now,
        reason,
        expires_at: session.expires_at.max(now + ctx.rules.access_ttl),
    }
}

/// Writes down the end of a session that its store has ended, and what its
/// person is to be told of it.
pub async fn record(
    ctx: &Ctx,
    session: &Session,
    reason: RevocationReason,
    event: Event,
    notice: Option<Notice>,
    now: Timestamp,
) -> Result<(), Error> {
    let revocation = revocation(ctx, session, reason, now);
    ctx.stores.journal.append(&[revocation], std::slice::from_ref(&event), notice.as_slice()).await?;
    if notice.is_some() {
        ctx.notices.notify_one();
    }
    ctx.note(&event);
    Ok(())
}

/// Writes down the end of a session, and ends it.
pub async fn end(
    ctx: &Ctx,
    session: &Session,
    reason: RevocationReason,
    event: Event,
    now: Timestamp,
) -> Result<(), Error> {
    record(ctx, session, reason, event, None, now).await?;
    ctx.stores.sessions.end(session.user_id, session.id).await?;
    Ok(())
}
