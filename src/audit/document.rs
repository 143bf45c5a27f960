//! The table of kinds in docs/audit.md.

use std::fmt::Write;

use crate::domain::EventKind;

/// Every kind: its word, what it means, where it is found, and what others call it.
pub fn kinds() -> String {
    let mut table = "| kind | what happened | row | shown to its person | OWASP |\n|---|---|---|---|---|\n".to_owned();
    for kind in EventKind::ALL {
        let row = if kind.is_routine() { "no" } else { "yes" };
        let shown = if kind.is_shown_to_its_person() { "yes" } else { "" };
        // Writing to a string does not fail.
        let _ = writeln!(table, "| `{}` | {} | {row} | {shown} | {} |", kind.as_str(), kind.meaning(), owasp(*kind));
    }
    table
}

/// What the OWASP Logging Vocabulary Cheat Sheet calls it, if it has a word.
const fn owasp(kind: EventKind) -> &'static str {
    match kind {
        EventKind::LoginSucceeded => "`authn_login_success`",
        EventKind::LoginUnknown
        | EventKind::LoginWrongPassword
        | EventKind::LoginDisabled
        | EventKind::LoginSessionLimit
        | EventKind::StepUpWrongPassword
        | EventKind::ServiceUnknown
        | EventKind::ServiceWrongSecret
        | EventKind::ServiceCertificateUnknown
        | EventKind::ServiceRefusedDisabled => "`authn_login_fail`",
        EventKind::ServiceTokenIssued | EventKind::ServiceCertificateAccepted => "`authn_token_created`",
        EventKind::TokenRevoked
        | EventKind::LoggedOut
        | EventKind::LoggedOutLost
        | EventKind::SessionRevoked
        | EventKind::SessionsRevoked
        | EventKind::SessionEvicted => "`authn_token_revoked`",
        EventKind::RefreshReused => "`authn_token_reuse`",
        EventKind::RefreshRotated | EventKind::RefreshReplayed | EventKind::RefreshLateRetry => "`session_renewed`",
        EventKind::RefreshExpired => "`session_expired`",
        EventKind::CallerRevoked => "`session_use_after_expire`",
        EventKind::ServiceScopeDenied | EventKind::ServiceCertificateMismatch | EventKind::AdminTokenRefused => {
            "`authz_fail`"
        }
        EventKind::RateLimited => "`excess_rate_limit_exceeded`",
        EventKind::SignupCompleted | EventKind::ServiceCreated => "`user_created`",
        EventKind::ProfileUpdated
        | EventKind::EmailChanged
        | EventKind::ServiceRotated
        | EventKind::ServiceIdentityAdded
        | EventKind::ServiceIdentityRemoved => "`user_updated`",
        EventKind::PasswordChanged | EventKind::PasswordReset => "`authn_password_change`",
        EventKind::AdminRolesSet | EventKind::AdminTokenSpent => "`authz_change`",
        EventKind::AdminUserDisabled => "`user_archived`",
        EventKind::AccountDeleted => "`user_deleted`",
        EventKind::ServiceDisabled => "`user_archived`",
        _ => "",
    }
}
