//! What we know of an access token now (RFC 7662).

use sekisho_interceptor::Claims;

use super::{Call, caller::ServiceCaller, own_token, service_token};
use crate::{
    ctx::Ctx,
    domain::{EventKind, SessionId, Timestamp, TokenId, UserId, account::AccountState, service::ServiceName},
    error::Error,
};

/// A token that would be accepted.
pub struct ActiveToken {
    /// What it says.
    pub claims: Claims,
    /// What its person may do now.
    pub roles: Vec<String>,
}

/// Asks the records. `None`: it would not be accepted, for whatever reason.
pub async fn introspect(
    ctx: &Ctx,
    call: &Call,
    caller: &ServiceCaller,
    token: &str,
) -> Result<Option<ActiveToken>, Error> {
    ctx.audit(call.event(caller.now, EventKind::TokenIntrospected).user(UserId(caller.claims.sub))).await?;
    active(ctx, token, caller.now).await
}

/// The same for ourselves.
pub async fn active(ctx: &Ctx, token: &str, now: Timestamp) -> Result<Option<ActiveToken>, Error> {
    let Some(claims) = own_token::read(ctx, token, now) else { return Ok(None) };
    if ctx.feed.strikes(&claims) || ctx.stores.journal.has_token(TokenId(claims.jti)).await? {
        return Ok(None);
    }
    let roles = match &claims.person {
        Some(person) => of_person(ctx, &claims, SessionId(person.sid), now).await?,
        None => of_service(ctx, &claims).await?,
    };
    Ok(roles.map(|roles| ActiveToken { claims, roles }))
}

/// The roles of somebody whose session lives.
async fn of_person(ctx: &Ctx, claims: &Claims, id: SessionId, now: Timestamp) -> Result<Option<Vec<String>>, Error> {
    let user_id = UserId(claims.sub);
    let session = ctx.stores.sessions.get(user_id, id, now).await?;
    let account = ctx.stores.accounts.by_id(user_id).await?;
    let account = account.filter(|account| {
        account.state == AccountState::Active && claims.iat > account.not_before.seconds() && session.is_some()
    });
    Ok(account.map(|account| account.roles))
}

/// A service has none.
async fn of_service(ctx: &Ctx, claims: &Claims) -> Result<Option<Vec<String>>, Error> {
    let Ok(name) = ServiceName::parse(&claims.client_id) else { return Ok(None) };
    let account = service_token::account(ctx, &name).await?;
    Ok(account.filter(|account| account.id.0 == claims.sub && !account.disabled).map(|_| Vec::new()))
}
