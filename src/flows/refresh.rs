//! Refresh: a token for its successor. What becomes of it is decided by
//! [`crate::domain::rotation`], in one atomic step of the store.

use super::{
    Call, revoke,
    tokens::{self, TokenPair},
};
use crate::{
    crypto::RefreshToken,
    ctx::Ctx,
    domain::{
        ClientId, Event, EventKind, Notice, NoticeKind, RefreshOutcome, Session, Timestamp,
        revocation::RevocationReason, rotation::Verdict,
    },
    error::Error,
    storage::sessions::{Presentation, Rotation, RotationRules},
};

/// What a refresh came to, and what the caller is answered.
type Judged = (RefreshOutcome, Result<TokenPair, Error>);

/// Exchanges a refresh token. `None` is a text that is no token at all,
/// which is as good as one that we did not make.
pub async fn refresh(
    ctx: &Ctx,
    call: &Call,
    token: Option<RefreshToken>,
    client_id: &ClientId,
) -> Result<TokenPair, Error> {
    let judged = judge(ctx, call, token, client_id).await;
    let (outcome, answer) = judged.unwrap_or_else(|error| (RefreshOutcome::Refused, Err(error)));
    ctx.metrics.refresh(outcome);
    answer
}

async fn judge(ctx: &Ctx, call: &Call, token: Option<RefreshToken>, client_id: &ClientId) -> Result<Judged, Error> {
    let now = ctx.now();
    let event = |kind| call.event(now, kind).client(client_id);
    let Some(token) = token.filter(|token| token.is_ours(&ctx.secrets)) else {
        ctx.audit(event(EventKind::RefreshUnknown)).await?;
        return Ok((RefreshOutcome::Invalid, Err(Error::RefreshTokenInvalid)));
    };
    match rotate(ctx, call, &token, client_id, now).await? {
        Rotation::Unknown => {
            ctx.audit(event(EventKind::RefreshUnknown)).await?;
            Ok((RefreshOutcome::Ended, Err(Error::RefreshTokenInvalid)))
        }
        Rotation::Evicted(session) => {
            let event = of(event(EventKind::SessionEvicted), &session);
            let revocation = revoke::revocation(ctx, &session, RevocationReason::Evicted, now);
            revoke::end(ctx, revocation, event, None).await?;
            Ok((RefreshOutcome::Ended, Err(Error::RefreshTokenInvalid)))
        }
        Rotation::Expired => {
            let event = event(EventKind::RefreshExpired).user(token.user_id()).session(token.session_id());
            ctx.audit(event).await?;
            Ok((RefreshOutcome::Expired, Err(Error::RefreshTokenExpired)))
        }
        Rotation::OtherClient(session) => {
            mismatch(ctx, &session, of(event(EventKind::RefreshClientMismatch), &session), now).await?;
            Ok((RefreshOutcome::ClientMismatch, Err(Error::ClientIdMismatch)))
        }
        Rotation::Judged(Verdict::Reused, session) => {
            let event = of(event(EventKind::RefreshReused), &session);
            let notice = notice(ctx, call, &session, now).await;
            let revocation = revoke::revocation(ctx, &session, RevocationReason::Reused, now);
            revoke::end(ctx, revocation, event, Some(notice)).await?;
            Ok((RefreshOutcome::Reused, Err(Error::RefreshTokenReused)))
        }
        Rotation::Judged(verdict, session) => {
            ctx.audit(of(event(kind(verdict)), &session)).await?;
            Ok((verdict.into(), Ok(tokens::issue(ctx, &session, now)?)))
        }
    }
}

async fn rotate(
    ctx: &Ctx,
    call: &Call,
    token: &RefreshToken,
    client_id: &ClientId,
    now: Timestamp,
) -> Result<Rotation, Error> {
    let rules = &ctx.rules.sessions;
    let rules =
        RotationRules { grace: rules.grace, idle: rules.idle, end_on_client_mismatch: rules.end_on_client_mismatch };
    let presented =
        Presentation { client_id, generation: token.generation(), gate: token.gate(), address: call.origin.address };
    Ok(ctx.stores.sessions.rotate(token.user_id(), token.session_id(), &presented, rules, now).await?)
}

const fn kind(verdict: Verdict) -> EventKind {
    match verdict {
        Verdict::Rotated(_) => EventKind::RefreshRotated,
        Verdict::Replayed(_) => EventKind::RefreshReplayed,
        Verdict::LateRetry(_) => EventKind::RefreshLateRetry,
        Verdict::Recovered(_) => EventKind::RefreshRecovered,
        Verdict::Reused => EventKind::RefreshReused,
    }
}

fn of(event: Event, session: &Session) -> Event {
    event.user(session.user_id).session(session.id)
}

/// The store has condemned the session if the rules say so.
async fn mismatch(ctx: &Ctx, session: &Session, event: Event, now: Timestamp) -> Result<(), Error> {
    if ctx.rules.sessions.end_on_client_mismatch {
        let revocation = revoke::revocation(ctx, session, RevocationReason::ClientMismatch, now);
        revoke::end(ctx, revocation, event, None).await.map(drop)
    } else {
        ctx.audit(event).await
    }
}

/// What the person is told. Better in the wrong language than not at all.
async fn notice(ctx: &Ctx, call: &Call, session: &Session, now: Timestamp) -> Notice {
    let locale = match ctx.stores.accounts.by_id(session.user_id).await {
        Ok(Some(account)) => account.locale,
        _ => Default::default(),
    };
    let kind = NoticeKind::SessionEnded { device: session.device.clone(), address: call.origin.address };
    Notice { at: now, to: session.subject.email.clone(), locale, kind }
}
