use std::{borrow::Cow, collections::HashMap, time::Duration};

use tonic::{Code, Status, metadata::MetadataValue};
use tonic_types::{ErrorDetails, StatusExt};

use crate::cause::Cause;

/// The domain of [`Refusal::reason`] in `google.rpc.ErrorInfo`.
pub const ERROR_DOMAIN: &str = "sekisho";

/// Why a request was not let in.
///
/// What the caller is told depends on the variant alone; `Debug` and
/// [`Cause::as_str`] are for logs, and neither holds anything of the token.
///
/// ```
/// use sekisho_interceptor::Refusal;
///
/// let refusal = Refusal::Expired;
/// assert_eq!((refusal.reason(), refusal.code()), ("ACCESS_TOKEN_EXPIRED", tonic::Code::Unauthenticated));
/// assert!(refusal.www_authenticate().is_some());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub enum Refusal {
    /// No bearer token was sent.
    Missing,
    /// A token was sent that does not verify.
    Invalid(Cause),
    /// The token verifies, and has expired.
    Expired,
    /// The token verifies, and was taken back.
    Revoked,
    /// The caller must prove again who they are.
    StepUp {
        /// How long ago the proof may be, in seconds.
        max_auth_age: u64,
    },
    /// The caller lacks a scope or a role.
    Denied,
    /// Nothing declares who may call this path, so nobody may.
    NoPolicy,
    /// Whether the token was taken back cannot be told now, and the method insists.
    Stale,
}

const RETRY_AFTER: Duration = Duration::from_secs(1);

impl From<Cause> for Refusal {
    fn from(cause: Cause) -> Self {
        Self::Invalid(cause)
    }
}

impl Refusal {
    /// The reason in `google.rpc.ErrorInfo`, part of the public contract.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Missing => "UNAUTHORIZED",
            Self::Invalid(_) => "ACCESS_TOKEN_INVALID",
            Self::Expired => "ACCESS_TOKEN_EXPIRED",
            Self::Revoked => "SESSION_REVOKED",
            Self::StepUp { .. } => "STEP_UP_REQUIRED",
            Self::Denied | Self::NoPolicy => "PERMISSION_DENIED",
            Self::Stale => "STORE_UNAVAILABLE",
        }
    }

    /// What the caller is told, in English; one text per reason.
    #[must_use]
    pub fn message(&self) -> &'static str {
        match self {
            Self::Missing => "sign in first",
            Self::Invalid(_) => "the access token is not valid",
            Self::Expired => "the access token has expired",
            Self::Revoked => "the session has ended",
            Self::StepUp { .. } => "prove again who you are",
            Self::Denied | Self::NoPolicy => "not allowed",
            Self::Stale => "try again in a moment",
        }
    }

    /// `UNAUTHENTICATED`, or `PERMISSION_DENIED` where signing in again would not help,
    /// or `UNAVAILABLE` where waiting would.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Denied | Self::NoPolicy => Code::PermissionDenied,
            Self::Stale => Code::Unavailable,
            _ => Code::Unauthenticated,
        }
    }

    /// The value of `WWW-Authenticate` (RFC 6750 section 3, RFC 9470 section 3).
    ///
    /// `None` for [`Refusal::NoPolicy`] and [`Refusal::Stale`], which no token would mend.
    #[must_use]
    pub fn www_authenticate(&self) -> Option<Cow<'static, str>> {
        Some(match self {
            Self::Missing => "Bearer".into(),
            Self::Invalid(_) | Self::Expired | Self::Revoked => r#"Bearer error="invalid_token""#.into(),
            Self::StepUp { max_auth_age } => {
                format!(r#"Bearer error="insufficient_user_authentication", max_age="{max_auth_age}""#).into()
            }
            Self::Denied => r#"Bearer error="insufficient_scope""#.into(),
            Self::NoPolicy | Self::Stale => return None,
        })
    }

    /// The gRPC answer: code and message, `ErrorInfo`, and the challenge as
    /// `www-authenticate` metadata. The `ErrorInfo` of [`Refusal::StepUp`] has
    /// the metadata `max_auth_age`, in seconds; [`Refusal::Stale`] has a `RetryInfo`.
    #[must_use]
    pub fn status(&self) -> Status {
        let mut metadata = HashMap::new();
        if let Self::StepUp { max_auth_age } = self {
            metadata.insert("max_auth_age".to_owned(), max_auth_age.to_string());
        }
        let mut details = ErrorDetails::with_error_info(self.reason(), ERROR_DOMAIN, metadata);
        if matches!(self, Self::Stale) {
            details.set_retry_info(Some(RETRY_AFTER));
        }
        let mut status = Status::with_error_details(self.code(), self.message(), details);
        if let Some(Ok(challenge)) = self.www_authenticate().map(|value| MetadataValue::try_from(value.as_ref())) {
            status.metadata_mut().insert("www-authenticate", challenge);
        }
        status
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Refusal; 8] = [
        Refusal::Missing,
        Refusal::Invalid(Cause::Signature),
        Refusal::Expired,
        Refusal::Revoked,
        Refusal::StepUp { max_auth_age: 300 },
        Refusal::Denied,
        Refusal::NoPolicy,
        Refusal::Stale,
    ];

    #[test]
    fn each_refusal_has_its_code_and_reason() {
        let seen = ALL.map(|refusal| (refusal.code(), refusal.reason()));
        assert_eq!(
            seen,
            [
                (Code::Unauthenticated, "UNAUTHORIZED"),
                (Code::Unauthenticated, "ACCESS_TOKEN_INVALID"),
                (Code::Unauthenticated, "ACCESS_TOKEN_EXPIRED"),
                (Code::Unauthenticated, "SESSION_REVOKED"),
                (Code::Unauthenticated, "STEP_UP_REQUIRED"),
                (Code::PermissionDenied, "PERMISSION_DENIED"),
                (Code::PermissionDenied, "PERMISSION_DENIED"),
                (Code::Unavailable, "STORE_UNAVAILABLE"),
            ]
        );
    }

    #[test]
    fn each_refusal_has_its_challenge() {
        let invalid = r#"Bearer error="invalid_token""#;
        let step_up = r#"Bearer error="insufficient_user_authentication", max_age="300""#;
        let scope = r#"Bearer error="insufficient_scope""#;
        let expected =
            [Some("Bearer"), Some(invalid), Some(invalid), Some(invalid), Some(step_up), Some(scope), None, None];
        for (refusal, challenge) in ALL.iter().zip(expected) {
            let status = refusal.status();
            let sent = status.metadata().get("www-authenticate");
            assert_eq!(refusal.www_authenticate().as_deref(), challenge);
            assert_eq!(sent.and_then(|value| value.to_str().ok()), challenge);
        }
    }

    #[test]
    fn the_status_carries_reason_and_domain() {
        for refusal in ALL {
            let status = refusal.status();
            let info = status.get_details_error_info().map(|info| (info.reason, info.domain));
            assert_eq!(info, Some((refusal.reason().to_owned(), "sekisho".to_owned())));
            assert_eq!(status.code(), refusal.code());
        }
    }

    #[test]
    fn a_step_up_says_how_recent() {
        let info = Refusal::StepUp { max_auth_age: 300 }.status().get_details_error_info();
        let age = info.and_then(|info| info.metadata.get("max_auth_age").cloned());
        assert_eq!(age.as_deref(), Some("300"));
    }

    #[test]
    fn what_waiting_mends_says_how_long() {
        for refusal in ALL {
            let delay = refusal.status().get_details_retry_info().and_then(|info| info.retry_delay);
            assert_eq!(delay, (refusal == Refusal::Stale).then_some(RETRY_AFTER), "{refusal:?}");
        }
    }

    #[test]
    fn the_cause_is_not_told_to_the_caller() {
        let [first, second] = [Cause::Signature, Cause::Audience].map(|cause| {
            let status = Refusal::Invalid(cause).status();
            (status.message().to_owned(), status.details().to_vec())
        });
        assert_eq!(first, second);
    }
}
