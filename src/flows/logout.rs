//! Logout: the end of a session, by its refresh token. Any token of the session
//! will do, spent ones too.

use super::{Call, revoke};
use crate::{
    crypto::RefreshToken,
    ctx::Ctx,
    domain::{ClientId, EventKind, revocation::RevocationReason},
    error::Error,
};

/// Ends the session of a token. Nobody learns whether there was one.
pub async fn logout(ctx: &Ctx, call: &Call, token: Option<RefreshToken>, client_id: &ClientId) -> Result<(), Error> {
    let now = ctx.now();
    let event = |kind| call.event(now, kind).client(client_id);
    let Some(token) = token.filter(|token| token.is_ours(&ctx.secrets)) else {
        return ctx.audit(event(EventKind::LogoutUnknown)).await;
    };
    let event = |kind| event(kind).user(token.user_id()).session(token.session_id());
    let (revocation, kind) = match ctx.stores.sessions.get(token.user_id(), token.session_id(), now).await? {
        Some(session) if !token.opens(&session.salt) => return ctx.audit(event(EventKind::LogoutUnknown)).await,
        Some(session) if session.client_id == *client_id => {
            (revoke::revocation(ctx, &session, RevocationReason::Logout, now), EventKind::LoggedOut)
        }
        Some(_) if !ctx.rules.sessions.end_on_client_mismatch => {
            return ctx.audit(event(EventKind::LogoutClientMismatch)).await;
        }
        Some(session) => {
            let reason = RevocationReason::ClientMismatch;
            (revoke::revocation(ctx, &session, reason, now), EventKind::LogoutClientMismatch)
        }
        None => {
            let (user_id, id) = (token.user_id(), token.session_id());
            (revoke::of_lost(ctx, user_id, id, RevocationReason::Logout, now), EventKind::LoggedOutLost)
        }
    };
    let is_new = revoke::end(ctx, revocation, event(kind), None).await?;
    if is_new { Ok(()) } else { ctx.audit(event(EventKind::LogoutUnknown)).await }
}
