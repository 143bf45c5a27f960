//! Refusals: what a flow answers instead of an outcome.
//!
//! [`Error`] is what flows know. [`status`] turns it into a gRPC status with
//! details, the one place where that is decided; [`rest`] renders that status as
//! JSON. `docs/errors.md` is generated from [`Reason`].

pub mod document;
pub mod reason;
pub mod rest;
pub mod rule;
pub mod status;
mod text;

use std::time::Duration;

pub use reason::Reason;
pub use rule::{Rule, Violation};
pub use status::Wire;

use crate::storage::StoreError;

/// The domain of every `google.rpc.ErrorInfo` of ours.
pub const DOMAIN: &str = sekisho_interceptor::ERROR_DOMAIN;

/// Why a call is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Fields of the request that break a rule; never empty.
    #[error("invalid request: {0:?}")]
    Validation(Vec<Violation>),
    /// The address has an account; told only where disclosure is on.
    #[error("e-mail address taken")]
    EmailAlreadyExists,
    /// No sign-up or reset waits for a code.
    #[error("no pending code")]
    SessionNotFound,
    /// A wrong code.
    #[error("wrong code, {attempts_left} guesses left")]
    InvalidCode {
        /// How many guesses this code still takes.
        attempts_left: u32,
    },
    /// Unknown address or wrong password.
    #[error("wrong credentials")]
    InvalidCredentials,
    /// A code or refresh token that another client was given.
    #[error("presented by another client")]
    ClientIdMismatch,
    /// Not a refresh token of ours, or of a session that is gone.
    #[error("unknown refresh token")]
    RefreshTokenInvalid,
    /// The session's idle or absolute time is over.
    #[error("expired refresh token")]
    RefreshTokenExpired,
    /// A spent refresh token came back; the session has ended.
    #[error("spent refresh token presented again")]
    RefreshTokenReused,
    /// No bearer token.
    #[error("no access token")]
    Unauthorized,
    /// An access token that does not verify.
    #[error("invalid access token")]
    AccessTokenInvalid,
    /// An access token past its time.
    #[error("expired access token")]
    AccessTokenExpired,
    /// The session of the access token has ended.
    #[error("session revoked")]
    SessionRevoked,
    /// The proof of identity is too old for this act.
    #[error("identity must be proven again")]
    StepUpRequired {
        /// How old the proof may be, in seconds.
        max_auth_age: u64,
    },
    /// Signed in, but not allowed.
    #[error("not allowed")]
    PermissionDenied,
    /// The account may not sign in; told only after a right credential.
    #[error("account disabled")]
    AccountDisabled,
    /// No such thing of the caller's, or no such route.
    #[error("not found")]
    NotFound,
    /// The policy `refuse` and as many sessions as allowed.
    #[error("too many sessions")]
    SessionLimitReached,
    /// Too many calls.
    #[error("rate limited for {retry_after:?}")]
    RateLimitExceeded {
        /// After which time a call may succeed.
        retry_after: Duration,
    },
    /// Too much work waits already, or the server is stopping.
    #[error("overloaded")]
    Overloaded,
    /// A store does not answer.
    #[error("store unavailable: {0}")]
    StoreUnavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A defect, or a row that cannot be read.
    #[error("internal: {0}")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The route exists, but not for this HTTP method.
    #[error("method not allowed, try {allow}")]
    MethodNotAllowed {
        /// The methods of the route, as in the `Allow` header.
        allow: String,
    },
    /// A body that is not JSON by its content type.
    #[error("unsupported media type")]
    UnsupportedMediaType,
    /// A body, message or header over its limit.
    #[error("request too large")]
    RequestTooLarge,
    /// Not answered in the time that the caller, or the server, gives it.
    #[error("deadline exceeded")]
    DeadlineExceeded,
}

impl Error {
    /// One field that breaks one rule.
    pub fn invalid(field: impl Into<String>, rule: Rule) -> Self {
        Self::Validation(vec![Violation::new(field, rule)])
    }

    /// A defect that callers learn nothing of.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => Self::StoreUnavailable(cause),
            StoreError::Corrupt(_) => Self::Internal(Box::new(error)),
        }
    }
}

impl From<&sekisho_interceptor::Refusal> for Error {
    fn from(refusal: &sekisho_interceptor::Refusal) -> Self {
        use sekisho_interceptor::Refusal;
        match refusal {
            Refusal::Missing => Self::Unauthorized,
            Refusal::Invalid(_) => Self::AccessTokenInvalid,
            Refusal::Expired => Self::AccessTokenExpired,
            Refusal::Revoked => Self::SessionRevoked,
            Refusal::StepUp { max_auth_age } => Self::StepUpRequired { max_auth_age: *max_auth_age },
            Refusal::Denied | Refusal::NoPolicy => Self::PermissionDenied,
            Refusal::Stale => Self::StoreUnavailable(Box::new(*refusal)),
        }
    }
}
