//! An access token for a service, by its own secret (RFC 6749, section 4.4).

use std::time::Duration;

use sekisho_interceptor::Claims;
use uuid::Uuid;

use super::{
    Call, certificate,
    limit::{Budget, network},
    tokens,
};
use crate::{
    crypto::service_secret::{SecretCheck, ServiceSecret},
    ctx::Ctx,
    domain::{
        EventKind, Limit, ServiceAccount, Timestamp, UserId,
        service::{Scopes, ServiceId, ServiceName},
    },
    error::Error,
    storage::limits::Rate,
};

/// Failures of one service from one network. Not against guesses, which are
/// hopeless, but against the work that they make; and by network, so that nobody
/// keeps a service from its tokens.
pub(super) const FAILURES: Rate = Rate { count: 20, per: Duration::from_secs(60) };

/// The service that `sekisho dev` knows.
const DEV_NAME: &str = "dev";
const DEV_SCOPES: &str = "revocations:read tokens:introspect";
const DEV_ID: Uuid = Uuid::from_u128(0x5e61_5b00_0000_4000_8000_0000_0000_0de7);

/// What a service gets.
pub struct ServiceToken {
    /// A JWT.
    pub access_token: String,
    /// What it is good for.
    pub scopes: Scopes,
    /// Its life.
    pub expires_in: Duration,
}

/// Checks a secret and issues a token; for all of the service's scopes unless some
/// are asked for. A service that does not exist is refused like a wrong secret,
/// after the same work.
pub async fn issue(
    ctx: &Ctx,
    call: &Call,
    name: &ServiceName,
    secret: &ServiceSecret,
    asked: Option<Scopes>,
) -> Result<ServiceToken, Error> {
    let now = ctx.now();
    let network = network(call);
    let text = format!("{}@{network}", name.as_str());
    let budget = Budget::of_text(Limit::ServiceSecret, "service", &text, FAILURES);
    budget.take(ctx, call, now).await?;
    let account = account(ctx, name).await?;
    let check = secret.check(&ctx.secrets, account.as_ref().map(|account| &account.secret));

    let event = |kind| call.event(now, kind).client(name.client_id());
    let Some(account) = account else {
        ctx.audit(event(EventKind::ServiceUnknown)).await?;
        return Err(Error::InvalidCredentials);
    };
    let event = |kind| event(kind).user(UserId(account.id.0));
    if check == SecretCheck::Wrong {
        ctx.audit(event(EventKind::ServiceWrongSecret)).await?;
        return Err(Error::InvalidCredentials);
    }
    budget.give_back(ctx).await?;
    if account.disabled {
        ctx.audit(event(EventKind::ServiceRefusedDisabled)).await?;
        return Err(Error::InvalidCredentials);
    }
    if let SecretCheck::Outdated(renewed) = check {
        ctx.stores.service_accounts.rekey(account.id, &account.secret, &renewed).await?;
    }
    certificate::agrees(ctx, call, account.id).await?;
    give(ctx, call, &account, asked, now).await
}

/// The same by the certificate of the connection, for the service that it is of; of
/// another name it is refused.
pub async fn issue_by_certificate(
    ctx: &Ctx,
    call: &Call,
    name: Option<&ServiceName>,
    asked: Option<Scopes>,
) -> Result<ServiceToken, Error> {
    let now = ctx.now();
    let account = certificate::caller(ctx, call, now).await?.ok_or(Error::InvalidCredentials)?;
    if let (Some(id), Some(_)) = (&call.certificate, name.filter(|name| **name != account.name)) {
        certificate::mismatch(ctx, call, id, &account).await?;
        return Err(Error::InvalidCredentials);
    }
    give(ctx, call, &account, asked, now).await
}

async fn give(
    ctx: &Ctx,
    call: &Call,
    account: &ServiceAccount,
    asked: Option<Scopes>,
    now: Timestamp,
) -> Result<ServiceToken, Error> {
    let event = |kind| call.event(now, kind).client(account.name.client_id()).user(UserId(account.id.0));
    let scopes = asked.unwrap_or_else(|| account.scopes.clone());
    if !account.scopes.include(&scopes) {
        ctx.audit(event(EventKind::ServiceScopeDenied)).await?;
        return Err(Error::PermissionDenied);
    }
    let access_token = ctx.keyring.sign(&living_claims(ctx, account, &scopes, now)?)?;
    ctx.audit(event(EventKind::ServiceTokenIssued)).await?;
    Ok(ServiceToken { access_token, scopes, expires_in: ctx.rules.access_ttl })
}

/// The claims of a token that nothing has struck. In the second in which all tokens of a
/// service were ended each new one would be dead: it can be asked for again a little later.
pub(super) fn living_claims(
    ctx: &Ctx,
    account: &ServiceAccount,
    scopes: &Scopes,
    now: Timestamp,
) -> Result<Claims, Error> {
    let scope = Some(scopes.to_string());
    let claims = tokens::claims(ctx, account.id.0, account.name.as_str(), scope, None, now.seconds())?;
    if ctx.feed.strikes(&claims) { Err(Error::Overloaded) } else { Ok(claims) }
}

/// The account of a name; in development one more, which is written nowhere.
pub async fn account(ctx: &Ctx, name: &ServiceName) -> Result<Option<ServiceAccount>, Error> {
    if ctx.rules.development && is_of_development(name) {
        return of_development(ctx).map(Some);
    }
    Ok(ctx.stores.service_accounts.by_name(name).await?)
}

/// Whether a name is that of the service which `sekisho dev` knows.
pub fn is_of_development(name: &ServiceName) -> bool {
    name.as_str() == DEV_NAME
}

fn of_development(ctx: &Ctx) -> Result<ServiceAccount, Error> {
    let secret = ServiceSecret::of_development().store(&ctx.secrets);
    Ok(ServiceAccount {
        id: ServiceId(DEV_ID),
        name: ServiceName::parse(DEV_NAME).map_err(|_| Error::internal("the name of development"))?,
        scopes: Scopes::parse(DEV_SCOPES).map_err(|_| Error::internal("the scopes of development"))?,
        secret: secret.ok_or_else(|| Error::internal("no key for the secrets of services"))?,
        disabled: false,
        created_at: Timestamp::default(),
    })
}
