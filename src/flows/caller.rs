//! Signed-in callers.

use sekisho_interceptor::Claims;

use super::Call;
use crate::{
    ctx::Ctx,
    domain::{EventKind, Session, SessionId, Timestamp, UserId},
    error::Error,
};

/// A caller whose access token verifies and whose session lives. There is no
/// other way to get one, so a flow that takes it cannot forget to ask.
pub struct Caller {
    /// When it was asked: the flow's time.
    pub now: Timestamp,
    /// The session that asks.
    pub session: Session,
}

impl Caller {
    /// Looks up the session that verified claims speak of.
    pub async fn authenticate(ctx: &Ctx, call: &Call, claims: &Claims) -> Result<Self, Error> {
        let now = ctx.now();
        let person = claims.person.as_ref().ok_or(Error::Unauthorized)?;
        let (user_id, session_id) = (UserId(claims.sub), SessionId(person.sid));
        match ctx.stores.sessions.get(user_id, session_id, now).await? {
            Some(session) => Ok(Self { now, session }),
            None => {
                ctx.audit(call.event(now, EventKind::CallerRevoked).user(user_id).session(session_id)).await?;
                Err(Error::SessionRevoked)
            }
        }
    }

    /// Who it is.
    pub fn user_id(&self) -> UserId {
        self.session.user_id
    }
}
