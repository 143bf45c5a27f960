//! The one function from a refusal to what goes out: a gRPC status with
//! `google.rpc` details.

use std::{collections::HashMap, time::Duration};

use tonic::{Code, Status, metadata::MetadataMap};
use tonic_types::{ErrorDetails, FieldViolation, LocalizedMessage, StatusExt};

use super::{DOMAIN, Error, Reason, text};
use crate::domain::Locale;

const OVERLOADED_RETRY: Duration = Duration::from_secs(1);
const STORE_RETRY: Duration = Duration::from_secs(2);

/// What an answer needs to know of its request.
#[derive(Clone, Debug, Default)]
pub struct Wire {
    /// The language of the caller.
    pub locale: Locale,
    /// The id that logs and the caller share.
    pub request_id: String,
}

impl Wire {
    /// Renders a refusal, and logs what the caller is not told.
    pub fn refuse(&self, error: &Error) -> Status {
        self.log(error);
        let reason = error.reason();
        let mut details = ErrorDetails::new();
        details
            .set_error_info(reason.as_str(), DOMAIN, metadata(error))
            .set_request_info(self.request_id.clone(), "")
            .set_localized_message(self.locale.tag(), text::message(reason, self.locale));
        if let Some(delay) = retry_after(error) {
            details.set_retry_info(Some(delay));
        }
        if let Error::Validation(violations) = error {
            details.set_bad_request(violations.iter().map(|v| self.violation(v)).collect::<Vec<_>>());
        }
        let message = text::message(reason, Locale::En);
        Status::with_error_details_and_metadata(reason.code(), message, details, headers(error))
    }

    fn violation(&self, violation: &super::Violation) -> FieldViolation {
        FieldViolation {
            field: violation.field.clone(),
            description: violation.rule.message(Locale::En),
            reason: violation.rule.reason().to_owned(),
            localized_message: Some(LocalizedMessage {
                locale: self.locale.tag().to_owned(),
                message: violation.rule.message(self.locale),
            }),
        }
    }

    fn log(&self, error: &Error) {
        let (reason, request_id) = (error.reason().as_str(), &self.request_id);
        match error {
            Error::Internal(cause) => tracing::error!(reason, request_id, %cause, "call failed"),
            Error::StoreUnavailable(cause) => tracing::error!(reason, request_id, %cause, "store unavailable"),
            Error::Overloaded | Error::RefreshTokenReused => tracing::warn!(reason, request_id, "call refused"),
            _ => tracing::debug!(reason, request_id, "call refused"),
        }
    }
}

fn metadata(error: &Error) -> HashMap<String, String> {
    let pair = |key: &str, value: String| HashMap::from([(key.to_owned(), value)]);
    match error {
        Error::InvalidCode { attempts_left } => pair("attempts_left", attempts_left.to_string()),
        Error::StepUpRequired { max_auth_age } => pair("max_auth_age", max_auth_age.to_string()),
        _ => HashMap::new(),
    }
}

fn retry_after(error: &Error) -> Option<Duration> {
    match error {
        Error::RateLimitExceeded { retry_after } => Some(*retry_after),
        Error::Overloaded => Some(OVERLOADED_RETRY),
        Error::StoreUnavailable(_) => Some(STORE_RETRY),
        _ => None,
    }
}

/// Headers that HTTP callers of any surface expect beside the status.
fn headers(error: &Error) -> MetadataMap {
    let mut headers = MetadataMap::new();
    let mut insert = |name: &'static str, value: String| {
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    };
    if let Some(delay) = retry_after(error) {
        insert("retry-after", whole_seconds(delay).to_string());
    }
    if let Some(challenge) = challenge(error) {
        insert("www-authenticate", challenge);
    }
    if let Error::MethodNotAllowed { allow } = error {
        insert("allow", allow.clone());
    }
    headers
}

/// RFC 6750, section 3, and RFC 9470, section 3.
fn challenge(error: &Error) -> Option<String> {
    match error {
        Error::AccessTokenInvalid | Error::AccessTokenExpired | Error::SessionRevoked => {
            Some("Bearer error=\"invalid_token\"".to_owned())
        }
        Error::StepUpRequired { max_auth_age } => {
            Some(format!("Bearer error=\"insufficient_user_authentication\", max_age={max_auth_age}"))
        }
        Error::PermissionDenied => Some("Bearer error=\"insufficient_scope\"".to_owned()),
        _ if error.reason().code() == Code::Unauthenticated => Some("Bearer".to_owned()),
        _ => None,
    }
}

/// Rounded up, so that a caller who waits that long is let in.
pub(super) fn whole_seconds(delay: Duration) -> u64 {
    delay.as_secs() + u64::from(delay.subsec_nanos() > 0)
}

/// The reason that a status of ours carries.
pub fn reason_of(status: &Status) -> Option<Reason> {
    let info = status.get_details_error_info()?;
    (info.domain == DOMAIN).then(|| Reason::parse(&info.reason))?
}
