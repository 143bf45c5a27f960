//! Callers with an access token: people and services.

use std::sync::Arc;

use sekisho_interceptor::Claims;

use super::{Call, certificate};
use crate::{
    ctx::Ctx,
    domain::{EventKind, Session, SessionId, Timestamp, UserId, service::ServiceId},
    error::Error,
};

/// Somebody whom the claims of an access token, which verify, still speak of.
pub trait Authenticated: Sized + Send {
    /// Looks whether they do.
    fn authenticate(ctx: &Ctx, call: &Call, claims: Arc<Claims>) -> impl Future<Output = Result<Self, Error>> + Send;
}

/// A caller whose access token verifies and whose session lives. There is no
/// other way to get one, so a flow that takes it cannot forget to ask.
pub struct Caller {
    /// When it was asked: the flow's time.
    pub now: Timestamp,
    /// The session that asks.
    pub session: Session,
}

impl Authenticated for Caller {
    async fn authenticate(ctx: &Ctx, call: &Call, claims: Arc<Claims>) -> Result<Self, Error> {
        let now = ctx.now();
        let person = claims.person.as_ref().ok_or(Error::Unauthorized)?;
        let (user_id, session_id) = (UserId(claims.sub), SessionId(person.sid));
        let session = ctx.stores.sessions.get(user_id, session_id, now).await?;
        match session.filter(|_| !ctx.feed.strikes(&claims)) {
            Some(session) => Ok(Self { now, session }),
            None => {
                ctx.audit(call.event(now, EventKind::CallerRevoked).user(user_id).session(session_id)).await?;
                Err(Error::SessionRevoked)
            }
        }
    }
}

impl Caller {
    /// Who it is.
    pub fn user_id(&self) -> UserId {
        self.session.user_id
    }
}

/// A service whose access token verifies and was not taken back.
pub struct ServiceCaller {
    /// When it was asked: the flow's time.
    pub now: Timestamp,
    /// What the token says.
    pub claims: Arc<Claims>,
}

impl Authenticated for ServiceCaller {
    async fn authenticate(ctx: &Ctx, call: &Call, claims: Arc<Claims>) -> Result<Self, Error> {
        let now = ctx.now();
        if claims.person.is_some() {
            return Err(Error::PermissionDenied);
        }
        if ctx.feed.strikes(&claims) {
            ctx.audit(call.event(now, EventKind::CallerRevoked).user(UserId(claims.sub))).await?;
            return Err(Error::SessionRevoked);
        }
        certificate::agrees(ctx, call, ServiceId(claims.sub)).await?;
        Ok(Self { now, claims })
    }
}

/// A person or a service.
pub enum AnyCaller {
    /// Somebody who is signed in.
    Person(Box<Caller>),
    /// A service with a token of its own.
    Service(ServiceCaller),
}

impl Authenticated for AnyCaller {
    async fn authenticate(ctx: &Ctx, call: &Call, claims: Arc<Claims>) -> Result<Self, Error> {
        Ok(match claims.person {
            Some(_) => Self::Person(Box::new(Caller::authenticate(ctx, call, claims).await?)),
            None => Self::Service(ServiceCaller::authenticate(ctx, call, claims).await?),
        })
    }
}
