//! Domain types as messages.

use tonic::{Response, metadata::MetadataValue};

use crate::{
    domain::{Account, Locale, Name, Session, SessionId},
    error::Rule,
    flows::{check_password::Judged, tokens::TokenPair},
    proto::sekisho::v1 as pb,
};

/// Where a surface that speaks HTTP finds the status of a success.
const HTTP_CODE: &str = "x-http-code";

pub(super) fn user(account: &Account) -> pb::User {
    pb::User {
        id: account.id.to_string(),
        email: account.email.as_str().to_owned(),
        is_verified: account.email_verified,
        display_name: account.display_name.as_str().to_owned(),
        locale: account.locale.tag().to_owned(),
        roles: account.roles.clone(),
        created_at: Some(account.created_at.to_proto()),
    }
}

pub(super) fn session(session: &Session, current: SessionId) -> pb::Session {
    pb::Session {
        id: session.id.to_string(),
        client_id: session.client_id.as_str().to_owned(),
        device: session.device.as_str().to_owned(),
        ip_address: session.address.map(|address| address.to_string()).unwrap_or_default(),
        created_at: Some(session.created_at.to_proto()),
        last_used_at: Some(session.last_used_at().to_proto()),
        expires_at: Some(session.expires_at.to_proto()),
        current: session.id == current,
    }
}

pub(super) fn evicted(session: &Session) -> pb::EvictedSession {
    let device = Name::as_str(&session.device).to_owned();
    pb::EvictedSession { id: session.id.to_string(), device }
}

pub(super) fn judged(judged: &Judged, locale: Locale) -> pb::CheckPasswordResponse {
    let violation =
        |rule: &Rule| pb::PasswordViolation { reason: rule.reason().to_owned(), message: rule.message(locale) };
    pb::CheckPasswordResponse {
        acceptable: judged.broken.is_empty(),
        violations: judged.broken.iter().map(violation).collect(),
        score: judged.strength.score.into(),
        guesses_log10: judged.strength.guesses_log10,
        warning: judged.strength.warning_in(locale),
        suggestions: judged.strength.suggestions_in(locale),
    }
}

pub(super) const TOKEN_TYPE: &str = "Bearer";

pub(super) fn expires_in(tokens: &TokenPair) -> u32 {
    seconds(tokens.expires_in)
}

pub(super) fn seconds(duration: std::time::Duration) -> u32 {
    u32::try_from(duration.as_secs()).unwrap_or(u32::MAX)
}

/// A success that is 201 over HTTP.
pub(super) fn created<T>(message: T) -> Response<T> {
    let mut response = Response::new(message);
    response.metadata_mut().insert(HTTP_CODE, MetadataValue::from_static("201"));
    response
}
