//! The pair of tokens that a session gives.

use std::time::Duration;

use sekisho_interceptor::{Claims, Person};
use uuid::Uuid;

use crate::{
    crypto::RefreshToken,
    ctx::Ctx,
    domain::{Session, Timestamp},
    error::Error,
};

/// What a client gets.
pub struct TokenPair {
    /// A JWT.
    pub access_token: String,
    /// To be exchanged for the next pair.
    pub refresh_token: RefreshToken,
    /// Life of the access token.
    pub expires_in: Duration,
}

/// The tokens of a session as it stands.
pub fn issue(ctx: &Ctx, session: &Session, now: Timestamp) -> Result<TokenPair, Error> {
    let access_token = ctx.keyring.sign(&of_session(ctx, session, now)?)?;
    let refresh_token =
        RefreshToken::issue(&ctx.secrets, session).ok_or_else(|| Error::internal("no key for refresh tokens"))?;
    Ok(TokenPair { access_token, refresh_token, expires_in: ctx.rules.access_ttl })
}

fn of_session(ctx: &Ctx, session: &Session, now: Timestamp) -> Result<Claims, Error> {
    let subject = &session.subject;
    let issued_at = now.seconds().max(subject.issued_after.seconds() + 1);
    let person = Person {
        sid: session.id.0,
        email: subject.email.as_str().to_owned(),
        email_verified: subject.email_verified,
        roles: subject.roles.clone(),
        auth_time: session.auth_time.seconds(),
        amr: session.amr.clone(),
    };
    claims(ctx, session.user_id.0, session.client_id.as_str(), None, Some(person), issued_at)
}

/// RFC 9068, section 2.2.
pub(super) fn claims(
    ctx: &Ctx,
    sub: Uuid,
    client_id: &str,
    scope: Option<String>,
    person: Option<Person>,
    issued_at: i64,
) -> Result<Claims, Error> {
    let life = i64::try_from(ctx.rules.access_ttl.as_secs()).map_err(Error::internal)?;
    Ok(Claims {
        iss: ctx.rules.issuer.clone(),
        sub,
        aud: vec![ctx.rules.audience.clone()],
        exp: issued_at + life,
        iat: issued_at,
        nbf: issued_at,
        jti: uuid::Builder::from_random_bytes(ctx.entropy.bytes()).into_uuid(),
        client_id: client_id.to_owned(),
        scope,
        person,
    })
}
