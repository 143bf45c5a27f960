//! The table of reasons: status on each surface, meaning and details.

use tonic::Code;

use super::Error;
use crate::proto::sekisho::v1::ErrorReason;

/// A stable reason; the proto enum is its only list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason(ErrorReason);

impl Reason {
    /// Every reason, in the order of the proto.
    pub fn all() -> impl Iterator<Item = Self> {
        (1..).map_while(|number| ErrorReason::try_from(number).ok()).map(Self)
    }

    /// The word of `ErrorInfo.reason`.
    pub fn as_str(self) -> &'static str {
        self.0.as_str_name().trim_start_matches("ERROR_REASON_")
    }

    /// The reason of a word of `ErrorInfo.reason`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::all().find(|reason| reason.as_str() == word)
    }

    /// The gRPC code.
    pub fn code(self) -> Code {
        use ErrorReason as R;
        match self.0 {
            R::ValidationError | R::SessionNotFound | R::InvalidCode | R::UnsupportedMediaType => Code::InvalidArgument,
            R::EmailAlreadyExists => Code::AlreadyExists,
            R::InvalidCredentials
            | R::ClientIdMismatch
            | R::RefreshTokenInvalid
            | R::RefreshTokenExpired
            | R::RefreshTokenReused
            | R::Unauthorized
            | R::AccessTokenInvalid
            | R::AccessTokenExpired
            | R::SessionRevoked
            | R::StepUpRequired => Code::Unauthenticated,
            R::PermissionDenied | R::AccountDisabled => Code::PermissionDenied,
            R::NotFound => Code::NotFound,
            R::SessionLimitReached => Code::FailedPrecondition,
            R::RateLimitExceeded => Code::ResourceExhausted,
            R::Overloaded | R::StoreUnavailable => Code::Unavailable,
            R::MethodNotAllowed => Code::Unimplemented,
            R::RequestTooLarge => Code::OutOfRange,
            R::DeadlineExceeded => Code::DeadlineExceeded,
            R::Internal | R::Unspecified => Code::Internal,
        }
    }

    /// Whether it says that a refresh token will never be good again.
    pub fn is_dead_token(self) -> bool {
        use ErrorReason as R;
        matches!(self.0, R::RefreshTokenInvalid | R::RefreshTokenExpired | R::RefreshTokenReused)
    }

    /// The HTTP status: that of the code, but where HTTP has a better word.
    pub fn http(self) -> u16 {
        match self.0 {
            ErrorReason::MethodNotAllowed => 405,
            ErrorReason::UnsupportedMediaType => 415,
            ErrorReason::RequestTooLarge => 413,
            _ => http_of(self.code()),
        }
    }

    /// When it is answered, and what its details hold; for docs/errors.md.
    pub fn meaning(self) -> &'static str {
        use ErrorReason as R;
        match self.0 {
            R::ValidationError => "A field breaks a rule; `fields` names each field and why",
            R::EmailAlreadyExists => "The address has an account; only with `SEKISHO_SIGNUP_DISCLOSE_TAKEN=true`",
            R::SessionNotFound => "No sign-up, reset or change waits for the code or token, or it expired, or was used",
            R::InvalidCode => "Wrong code; `attempts_left` says how many guesses remain",
            R::InvalidCredentials => {
                "Unknown address or service, or wrong password or secret; which it is cannot be told"
            }
            R::ClientIdMismatch => "The code or refresh token was given to another `client_id`",
            R::RefreshTokenInvalid => "Not a refresh token of ours, or its session is gone",
            R::RefreshTokenExpired => "The session was idle for too long, or is too old",
            R::RefreshTokenReused => "A spent refresh token came back: the session has ended",
            R::Unauthorized => "No bearer token",
            R::AccessTokenInvalid => "The access token does not verify",
            R::AccessTokenExpired => "The access token is past its time: refresh",
            R::SessionRevoked => {
                "The session of the access token has ended, or the token was taken back: sign in again"
            }
            R::StepUpRequired => "The proof of identity is older than `max_auth_age` seconds",
            R::PermissionDenied => "Signed in, but not allowed",
            R::AccountDisabled => "The account may not sign in; told only after the right credential",
            R::NotFound => "No such session of the caller's, or no such route",
            R::SessionLimitReached => "As many sessions as allowed, and the policy is `refuse`",
            R::RateLimitExceeded => "Too many calls; `retry_after` in seconds",
            R::Overloaded => {
                "Too much work waits, or the server stops, or sends subscribers elsewhere; `retry_after` in seconds"
            }
            R::StoreUnavailable => "A store does not answer; `retry_after` in seconds",
            R::Internal => "A fault of ours; quote `request_id`",
            R::MethodNotAllowed => "REST: the route has other methods; see the `Allow` header",
            R::UnsupportedMediaType => "REST: the body is not `application/json`",
            R::RequestTooLarge => "A body, message or header over its limit",
            R::DeadlineExceeded => {
                "No answer in the time of `grpc-timeout`, or of the server; what was begun goes on to its end"
            }
            R::Unspecified => "",
        }
    }
}

/// The customary HTTP status of a gRPC code (google/rpc/code.proto).
pub fn http_of(code: Code) -> u16 {
    match code {
        Code::Ok => 200,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => 400,
        Code::Unauthenticated => 401,
        Code::PermissionDenied => 403,
        Code::NotFound => 404,
        Code::AlreadyExists | Code::Aborted => 409,
        Code::ResourceExhausted => 429,
        Code::Cancelled => 499,
        Code::Unimplemented => 501,
        Code::Unavailable => 503,
        Code::DeadlineExceeded => 504,
        Code::Unknown | Code::Internal | Code::DataLoss => 500,
    }
}

impl Error {
    /// The stable reason of this refusal.
    pub fn reason(&self) -> Reason {
        use ErrorReason as R;
        Reason(match self {
            Self::Validation(_) => R::ValidationError,
            Self::EmailAlreadyExists => R::EmailAlreadyExists,
            Self::SessionNotFound => R::SessionNotFound,
            Self::InvalidCode { .. } => R::InvalidCode,
            Self::InvalidCredentials => R::InvalidCredentials,
            Self::ClientIdMismatch => R::ClientIdMismatch,
            Self::RefreshTokenInvalid => R::RefreshTokenInvalid,
            Self::RefreshTokenExpired => R::RefreshTokenExpired,
            Self::RefreshTokenReused => R::RefreshTokenReused,
            Self::Unauthorized => R::Unauthorized,
            Self::AccessTokenInvalid => R::AccessTokenInvalid,
            Self::AccessTokenExpired => R::AccessTokenExpired,
            Self::SessionRevoked => R::SessionRevoked,
            Self::StepUpRequired { .. } => R::StepUpRequired,
            Self::PermissionDenied => R::PermissionDenied,
            Self::AccountDisabled => R::AccountDisabled,
            Self::NotFound => R::NotFound,
            Self::SessionLimitReached => R::SessionLimitReached,
            Self::RateLimitExceeded { .. } => R::RateLimitExceeded,
            Self::Overloaded => R::Overloaded,
            Self::StoreUnavailable(_) => R::StoreUnavailable,
            Self::Internal(_) => R::Internal,
            Self::MethodNotAllowed { .. } => R::MethodNotAllowed,
            Self::UnsupportedMediaType => R::UnsupportedMediaType,
            Self::RequestTooLarge => R::RequestTooLarge,
            Self::DeadlineExceeded => R::DeadlineExceeded,
        })
    }
}
