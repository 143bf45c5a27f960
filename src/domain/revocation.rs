//! Things that are no longer valid before their time.

use super::{SessionId, Timestamp, TokenId, UserId};

/// What is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// One access token; its session lives on.
    Token(TokenId),
    /// One session and every token of it.
    Session(SessionId),
    /// Every token of the person, or of the service, issued at or before `not_before`.
    User,
}

/// Why; for the journal and the feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevocationReason {
    /// The person signed out.
    Logout,
    /// The person ended it from a list.
    Revoked,
    /// Too many sessions.
    Evicted,
    /// A spent refresh token came back.
    Reused,
    /// Another client presented the refresh token.
    ClientMismatch,
    /// Another password was chosen.
    PasswordChanged,
    /// The same, by somebody who had lost the one before.
    PasswordReset,
    /// The account was deleted.
    AccountDeleted,
    /// The account was disabled.
    AccountDisabled,
    /// A role was taken away.
    RolesChanged,
    /// An administrator ended it.
    Administrator,
}

impl RevocationReason {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Logout,
        Self::Revoked,
        Self::Evicted,
        Self::Reused,
        Self::ClientMismatch,
        Self::PasswordChanged,
        Self::PasswordReset,
        Self::AccountDeleted,
        Self::AccountDisabled,
        Self::RolesChanged,
        Self::Administrator,
    ];

    /// The reason of a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }

    /// The word that is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::Revoked => "revoked",
            Self::Evicted => "evicted",
            Self::Reused => "reused",
            Self::ClientMismatch => "client_mismatch",
            Self::PasswordChanged => "password_changed",
            Self::PasswordReset => "password_reset",
            Self::AccountDeleted => "account_deleted",
            Self::AccountDisabled => "account_disabled",
            Self::RolesChanged => "roles_changed",
            Self::Administrator => "administrator",
        }
    }
}

/// One line of the revocation journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// Whose tokens.
    pub user_id: UserId,
    /// Which of them.
    pub target: Target,
    /// Issued at or before this.
    pub not_before: Timestamp,
    /// Why.
    pub reason: RevocationReason,
    /// No token that it can strike, and no session record that a store could
    /// bring back, lives longer.
    pub expires_at: Timestamp,
}
