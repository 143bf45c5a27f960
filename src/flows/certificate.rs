//! Services that prove who they are by the certificate of their connection.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use sekisho_interceptor::Claims;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{
    Call,
    limit::{Budget, network},
    service_token::{self, FAILURES},
};
use crate::{
    ctx::Ctx,
    domain::{EventKind, Limit, ServiceAccount, SpiffeId, Timestamp, UserId, service::ServiceId},
    error::Error,
};

/// More services than this at a time are not remembered.
const MOST_HELD: usize = 1_024;

/// The tokens that stand for certificates in this process, and never leave it. One lasts
/// for several calls: signing costs more than all else that a certificate does.
#[derive(Default)]
pub struct CertificateTokens(Mutex<HashMap<Uuid, Held>>);

#[derive(Clone)]
struct Held {
    token: Arc<Zeroizing<String>>,
    claims: Arc<Claims>,
    renew_at: Timestamp,
}

impl CertificateTokens {
    /// The token of the service whose certificate the caller has shown. `None`: it has
    /// shown none, or one that is no service's; so it calls without a token.
    ///
    /// Which service that is is read each time: a name that was taken from it, or a
    /// service that was disabled, is worth nothing from then on.
    pub async fn token(&self, ctx: &Ctx, call: &Call) -> Result<Option<Arc<Zeroizing<String>>>, Error> {
        // Before the look: what is removed meanwhile is removed later than the token is made.
        let now = ctx.now();
        let Some(account) = caller(ctx, call, now).await? else { return Ok(None) };
        if let Some(held) = self.held(ctx, &account, now) {
            return Ok(Some(held.token));
        }
        let claims = service_token::living_claims(ctx, &account, &account.scopes, now)?;
        let token = Arc::new(Zeroizing::new(ctx.keyring.sign(&claims)?));
        let event = call.event(now, EventKind::ServiceCertificateAccepted);
        ctx.audit(event.user(UserId(account.id.0)).client(account.name.client_id())).await?;
        let held = Held { token: token.clone(), claims: Arc::new(claims), renew_at: now + ctx.rules.access_ttl / 2 };
        let mut tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= MOST_HELD {
            tokens.clear();
        }
        tokens.insert(account.id.0, held);
        Ok(Some(token))
    }

    fn held(&self, ctx: &Ctx, account: &ServiceAccount, now: Timestamp) -> Option<Held> {
        let tokens = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held = tokens.get(&account.id.0)?.clone();
        let is_good = now < held.renew_at && now.seconds() >= held.claims.iat && !ctx.feed.strikes(&held.claims);
        (is_good && held.claims.scope.as_deref() == Some(&*account.scopes.to_string())).then_some(held)
    }
}

/// The service whose certificate the caller has shown, if it may do anything. Whoever else
/// has a certificate is told so a few times a minute.
pub(super) async fn caller(ctx: &Ctx, call: &Call, now: Timestamp) -> Result<Option<ServiceAccount>, Error> {
    let Some(id) = &call.certificate else { return Ok(None) };
    let account = ctx.stores.service_identities.owner(id).await?;
    let kind = match &account {
        Some(account) if !account.disabled => return Ok(Some(account.clone())),
        Some(_) => EventKind::ServiceRefusedDisabled,
        None => EventKind::ServiceCertificateUnknown,
    };
    take_budget(ctx, call, id, now).await?;
    tracing::info!(spiffe_id = %id, outcome = kind.as_str(), "the certificate of a caller is worth nothing");
    let event = call.event(now, kind);
    ctx.audit(match &account {
        Some(account) => event.user(UserId(account.id.0)).client(account.name.client_id()),
        None => event,
    })
    .await?;
    Ok(None)
}

/// Refuses the token or secret of a service over a connection that is another service's by its
/// certificate. One that is no service's says nothing, and the token decides.
pub(super) async fn agrees(ctx: &Ctx, call: &Call, service: ServiceId) -> Result<(), Error> {
    let Some(id) = &call.certificate else { return Ok(()) };
    let Some(account) = ctx.stores.service_identities.owner(id).await? else { return Ok(()) };
    if account.id == service && !account.disabled {
        return Ok(());
    }
    mismatch(ctx, call, id, &account).await?;
    Err(Error::PermissionDenied)
}

/// Writes down that a caller is one service by its certificate, and another one besides.
pub(super) async fn mismatch(ctx: &Ctx, call: &Call, id: &SpiffeId, account: &ServiceAccount) -> Result<(), Error> {
    let now = ctx.now();
    take_budget(ctx, call, id, now).await?;
    tracing::warn!(spiffe_id = %id, service = account.name.as_str(), "a caller is two services at once");
    let event = call.event(now, EventKind::ServiceCertificateMismatch);
    ctx.audit(event.user(UserId(account.id.0)).client(account.name.client_id())).await
}

async fn take_budget(ctx: &Ctx, call: &Call, id: &SpiffeId, now: Timestamp) -> Result<(), Error> {
    let text = format!("{id}@{}", network(call));
    Budget::of_text(Limit::ServiceCertificate, "certificate", &text, FAILURES).take(ctx, call, now).await
}
