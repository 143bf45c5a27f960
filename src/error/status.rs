//! The one function from a refusal to what goes out: a gRPC status with
//! `google.rpc` details.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tonic::{Code, Status, metadata::MetadataMap};
use tonic_types::{ErrorDetails, FieldViolation, LocalizedMessage, StatusExt};

use super::{DOMAIN, Error, Reason, text};
use crate::{domain::Locale, telemetry::traces};

const OVERLOADED_RETRY: Duration = Duration::from_secs(1);
const STORE_RETRY: Duration = Duration::from_secs(2);

/// What an answer needs to know of its request.
#[derive(Clone, Debug, Default)]
pub struct Wire {
    /// The language of the caller.
    pub locale: Locale,
    /// The id that logs and the caller share.
    pub request_id: Arc<str>,
    /// The RPC, `package.Service/Method`, where it is one of ours.
    pub method: Option<Arc<str>>,
}

impl Wire {
    /// Renders a refusal, and logs what the caller is not told.
    pub fn refuse(&self, error: &Error) -> Status {
        self.log(error);
        traces::refused(error.reason());
        self.status(error)
    }

    /// The same without a line of the log.
    pub fn status(&self, error: &Error) -> Status {
        let reason = error.reason();
        let mut details = ErrorDetails::new();
        details
            .set_error_info(reason.as_str(), DOMAIN, metadata(error))
            .set_request_info(self.request_id.as_ref(), "")
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

    /// The one line of a call that failed.
    fn log(&self, error: &Error) {
        let (reason, request_id, method) = (error.reason().as_str(), &*self.request_id, self.method.as_deref());
        match error {
            Error::Internal(cause) => tracing::error!(reason, method, request_id, %cause, "call failed"),
            Error::StoreUnavailable(cause) => {
                tracing::error!(reason, method, request_id, %cause, "store unavailable");
            }
            Error::Overloaded | Error::RefreshTokenReused | Error::PermissionDenied => {
                tracing::warn!(reason, method, request_id, "call refused");
            }
            _ => tracing::debug!(reason, method, request_id, "call refused"),
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
            Some(format!("Bearer error=\"insufficient_user_authentication\", max_age=\"{max_auth_age}\""))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Rule, rest};
    use serde_json::Value;

    fn every_error() -> Vec<Error> {
        let cause = || Box::<dyn std::error::Error + Send + Sync>::from("postgres://user:hunter2@10.0.0.7");
        vec![
            Error::invalid("email", Rule::Required),
            Error::EmailAlreadyExists,
            Error::SessionNotFound,
            Error::InvalidCode { attempts_left: 4 },
            Error::InvalidCredentials,
            Error::ClientIdMismatch,
            Error::RefreshTokenInvalid,
            Error::RefreshTokenExpired,
            Error::RefreshTokenReused,
            Error::Unauthorized,
            Error::AccessTokenInvalid,
            Error::AccessTokenExpired,
            Error::SessionRevoked,
            Error::StepUpRequired { max_auth_age: 300 },
            Error::PermissionDenied,
            Error::AccountDisabled,
            Error::NotFound,
            Error::SessionLimitReached,
            Error::RateLimitExceeded { retry_after: Duration::from_millis(41_001) },
            Error::Overloaded,
            Error::StoreUnavailable(cause()),
            Error::Internal(cause()),
            Error::MethodNotAllowed { allow: "GET, HEAD".into() },
            Error::UnsupportedMediaType,
            Error::RequestTooLarge,
            Error::DeadlineExceeded,
        ]
    }

    fn wire(locale: Locale) -> Wire {
        Wire { locale, request_id: "req-1".into(), method: None }
    }

    #[test]
    fn every_reason_has_an_error_and_a_text_in_every_language() {
        let reasons: Vec<Reason> = every_error().iter().map(Error::reason).collect();
        assert_eq!(reasons, Reason::all().collect::<Vec<_>>());
        for reason in reasons {
            assert_eq!(Reason::parse(reason.as_str()), Some(reason));
            assert!(!reason.meaning().is_empty());
            assert_ne!(text::message(reason, Locale::En), text::message(reason, Locale::Ja));
        }
    }

    #[test]
    fn grpc_and_rest_say_the_same() {
        for error in every_error() {
            let reason = error.reason();
            let status = wire(Locale::Ja).refuse(&error);
            assert_eq!(status.code(), reason.code());
            assert_eq!(reason_of(&status), Some(reason));
            let response = rest::response(&status);
            assert_eq!(response.status(), reason.http(), "{error}");
            let body: Value = serde_json::from_str(response.body()).unwrap();
            assert_eq!(body["error"], reason.as_str().to_lowercase());
            assert_eq!(body["message"], text::message(reason, Locale::Ja));
            assert_eq!(body["request_id"], "req-1");
        }
    }

    /// R74.
    #[test]
    fn causes_stay_inside() {
        for error in every_error() {
            let status = wire(Locale::En).refuse(&error);
            let response = rest::response(&status);
            let outside = format!("{status:?} {response:?}");
            assert!(!outside.contains("hunter2") && !outside.contains("10.0.0.7"), "{outside}");
        }
    }

    #[test]
    fn a_wait_is_rounded_up_and_said_in_every_way() {
        let error = Error::RateLimitExceeded { retry_after: Duration::from_millis(41_001) };
        let status = wire(Locale::En).refuse(&error);
        let delay = status.get_details_retry_info().unwrap().retry_delay.unwrap();
        assert_eq!(delay, Duration::from_millis(41_001));
        let response = rest::response(&status);
        assert_eq!(response.headers()["retry-after"], "42");
        let body: Value = serde_json::from_str(response.body()).unwrap();
        assert_eq!(body["details"]["retry_after"], 42);
    }

    #[test]
    fn a_challenge_goes_with_every_401() {
        for error in every_error() {
            let response = rest::response(&wire(Locale::En).refuse(&error));
            let is_challenged = response.headers().contains_key("www-authenticate");
            let status = response.status().as_u16();
            assert_eq!(is_challenged, status == 401 || error.reason() == Error::PermissionDenied.reason(), "{error}");
        }
    }

    #[test]
    fn details_are_what_the_documents_say() {
        let body = |error: &Error| -> Value {
            serde_json::from_str(rest::response(&wire(Locale::En).refuse(error)).body()).unwrap()
        };
        assert_eq!(body(&Error::InvalidCode { attempts_left: 4 })["details"]["attempts_left"], "4");
        assert_eq!(body(&Error::StepUpRequired { max_auth_age: 300 })["details"]["max_auth_age"], "300");
        let field = &body(&Error::invalid("email", Rule::Required))["details"]["fields"][0];
        assert_eq!((&field["field"], &field["reason"]), (&"email".into(), &"REQUIRED".into()));
    }

    #[test]
    fn the_interceptor_speaks_the_same_reasons() {
        use sekisho_interceptor::Refusal;
        for refusal in [
            Refusal::Missing,
            Refusal::Expired,
            Refusal::Revoked,
            Refusal::StepUp { max_auth_age: 60 },
            Refusal::Denied,
            Refusal::NoPolicy,
            Refusal::Stale,
        ] {
            assert_eq!(Error::from(&refusal).reason().as_str(), refusal.reason());
        }
    }
}
