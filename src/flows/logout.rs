//! Logout: the end of a session, by its refresh token. Any token of the session
//! will do, spent ones too.

use super::{Call, revoke};
use crate::{
    crypto::RefreshToken,
    ctx::Ctx,
    domain::{ClientId, EventKind, Session, Timestamp, revocation::RevocationReason},
    error::Error,
};

/// Ends the session of a token. Nobody learns whether there was one.
pub async fn logout(ctx: &Ctx, call: &Call, token: Option<RefreshToken>, client_id: &ClientId) -> Result<(), Error> {
    let now = ctx.now();
    let event = |kind| call.event(now, kind).client(client_id);
    let Some(session) = find(ctx, token, now).await? else {
        return ctx.audit(event(EventKind::LogoutUnknown)).await;
    };
    let event = |kind| event(kind).user(session.user_id).session(session.id);
    if session.client_id == *client_id {
        revoke::end(ctx, &session, RevocationReason::Logout, event(EventKind::LoggedOut), None, now).await
    } else if ctx.rules.sessions.end_on_client_mismatch {
        revoke::end(ctx, &session, RevocationReason::ClientMismatch, event(EventKind::LogoutClientMismatch), None, now)
            .await
    } else {
        ctx.audit(event(EventKind::LogoutClientMismatch)).await
    }
}

async fn find(ctx: &Ctx, token: Option<RefreshToken>, now: Timestamp) -> Result<Option<Session>, Error> {
    let Some(token) = token.filter(|token| token.is_ours(&ctx.secrets)) else { return Ok(None) };
    let session = ctx.stores.sessions.get(token.user_id(), token.session_id(), now).await?;
    Ok(session.filter(|session| token.opens(&session.salt)))
}
