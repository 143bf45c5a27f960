//! Taking things back. The journal comes first: it is the truth that the other
//! stores are mended from. Acknowledged is what they all have.

use std::{iter, time::Duration};

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

/// Verifiers allow for clocks that differ, some more and some less.
pub const VERIFIERS_LEEWAY: Duration = Duration::from_secs(60);

/// How long what is taken back could live.
#[derive(Clone, Copy, Debug)]
pub struct Lives {
    /// A session, however often it is refreshed.
    pub session: Duration,
    /// An access token.
    pub access: Duration,
}

impl Lives {
    fn of(ctx: &Ctx) -> Self {
        Self { session: ctx.rules.sessions.max_age, access: ctx.rules.access_ttl }
    }

    fn longest(self) -> Duration {
        self.session.max(self.access)
    }

    /// The journal's line for one session.
    pub fn revocation(self, session: &Session, reason: RevocationReason, now: Timestamp) -> Revocation {
        let expires_at = session.ends_at.max(now + self.access + VERIFIERS_LEEWAY);
        let target = Target::Session(session.id);
        Revocation { user_id: session.user_id, target, not_before: now, reason, expires_at }
    }
}

/// The journal's line for one session: it lasts as long as any record of the
/// session, however often it was refreshed, or token of it, that somebody could
/// bring back.
pub fn revocation(ctx: &Ctx, session: &Session, reason: RevocationReason, now: Timestamp) -> Revocation {
    Lives::of(ctx).revocation(session, reason, now)
}

/// The same for a session that the store does not know: it may have lost it, and be
/// given it back from a dump.
pub fn of_lost(ctx: &Ctx, user_id: UserId, id: SessionId, reason: RevocationReason, now: Timestamp) -> Revocation {
    let expires_at = now + Lives::of(ctx).longest();
    Revocation { user_id, target: Target::Session(id), not_before: now, reason, expires_at }
}

/// The journal's lines for all sessions of a person.
pub async fn everything(
    ctx: &Ctx,
    user_id: UserId,
    reason: RevocationReason,
    now: Timestamp,
) -> Result<Vec<Revocation>, Error> {
    let sessions = ctx.stores.sessions.list(user_id, now).await?;
    Ok(everything_of(Lives::of(ctx), user_id, sessions, reason, now))
}

/// Ends all sessions of a person, with an event; how many they were.
pub async fn end_everything(
    ctx: &Ctx,
    user_id: UserId,
    reason: RevocationReason,
    now: Timestamp,
    event: Event,
) -> Result<u64, Error> {
    let sessions = ctx.stores.sessions.list(user_id, now).await?;
    // Not what is removed below: another server may do it first, as the journal says.
    let number = sessions.len() as u64;
    take_back(ctx, &everything_of(Lives::of(ctx), user_id, sessions, reason, now), &[event], &[]).await?;
    Ok(number)
}

/// One line for all, and one for each that began later than that says, as after a clock
/// was set back.
pub fn everything_of(
    lives: Lives,
    user_id: UserId,
    mut later: Vec<Session>,
    reason: RevocationReason,
    now: Timestamp,
) -> Vec<Revocation> {
    let not_before = later.iter().map(first_second).fold(now, Timestamp::max);
    let last_end = later.iter().map(|session| session.ends_at).fold(now, Timestamp::max);
    later.retain(|session| session.created_at > not_before);
    // A session may be older than the rule for how long it lives.
    let expires_at = (now + lives.longest()).max(last_end);
    let all = Revocation { user_id, target: Target::User, not_before, reason, expires_at };
    iter::once(all).chain(later.iter().map(|session| lives.revocation(session, reason, now))).collect()
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
/// it known.
pub async fn take_back(
    ctx: &Ctx,
    revocations: &[Revocation],
    events: &[Event],
    notices: &[Notice],
) -> Result<(), Error> {
    let numbers = ctx.stores.journal.append(revocations, events, notices).await?;
    let with = Consequences { revocations: revocations.to_vec(), events: events.to_vec(), notices: notices.to_vec() };
    follow_up(ctx, &with, numbers).await
}

/// What is to be done once it is written down, with these numbers.
pub async fn follow_up(ctx: &Ctx, written: &Consequences, numbers: Vec<i64>) -> Result<(), Error> {
    if !written.revocations.is_empty() {
        ctx.feed.wake();
    }
    if !written.notices.is_empty() {
        ctx.notices.notify_one();
    }
    for revocation in &written.revocations {
        apply(ctx, revocation).await?;
    }
    let lines: Vec<_> = numbers.into_iter().zip(written.revocations.iter().cloned()).collect();
    ctx.stores.revocations.publish(&lines).await?;
    written.events.iter().for_each(|event| ctx.note(event));
    Ok(())
}

/// Does to the sessions what a line of the journal says; how many it ended, which is
/// less where another server was quicker.
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
