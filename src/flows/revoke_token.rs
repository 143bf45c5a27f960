//! The end of one access token, by itself (RFC 7009). Its session lives on.

use sekisho_interceptor::Claims;

use super::{Call, own_token, revoke::VERIFIERS_LEEWAY};
use crate::{
    ctx::Ctx,
    domain::{
        ClientId, Event, EventKind, Revocation, SessionId, Timestamp, TokenId, UserId,
        revocation::{RevocationReason, Target},
    },
    error::Error,
    feed::STRIKES_FOR,
};

/// Takes a token back. Nobody learns whether it was ours, or good.
pub async fn revoke(ctx: &Ctx, call: &Call, token: &str) -> Result<(), Error> {
    let now = ctx.now();
    let ignored = call.event(now, EventKind::TokenRevocationIgnored);
    let Some(claims) = own_token::read(ctx, token, now) else { return ctx.audit(ignored).await };
    if ctx.feed.strikes(&claims) {
        return ctx.audit(ignored).await;
    }
    let id = TokenId(claims.jti);
    let (line, event) = (line(&claims, id, now), event(call, &claims, now));
    let (number, is_new) = ctx.stores.journal.append_once(&line, &event, None).await?;
    if !is_new {
        // Somebody else was first, of whom this process may not know yet.
        ctx.follower.catch_up().await?;
        return ctx.audit(ignored).await;
    }
    ctx.feed.strike(id, &line);
    ctx.feed.wake();
    ctx.stores.revocations.publish(&[(number, line)]).await?;
    ctx.note(&event);
    Ok(())
}

fn line(claims: &Claims, id: TokenId, now: Timestamp) -> Revocation {
    Revocation {
        user_id: UserId(claims.sub),
        target: Target::Token(id),
        not_before: now,
        reason: RevocationReason::Revoked,
        expires_at: (Timestamp::from_seconds(claims.exp) + VERIFIERS_LEEWAY).min(now + STRIKES_FOR),
    }
}

fn event(call: &Call, claims: &Claims, now: Timestamp) -> Event {
    let event = call.event(now, EventKind::TokenRevoked).user(UserId(claims.sub));
    let event = match ClientId::parse(&claims.client_id) {
        Ok(client_id) => event.client(&client_id),
        Err(_) => event,
    };
    match &claims.person {
        Some(person) => event.session(SessionId(person.sid)),
        None => event,
    }
}
