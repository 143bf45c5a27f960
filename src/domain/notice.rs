//! What a person is told by mail and must not miss, though it may come late.

use std::net::IpAddr;

use super::{Email, Locale, Name, Timestamp};

/// A notice to a person. It waits in a store: it holds no code, token or other
/// secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// When that happened of which it tells.
    pub at: Timestamp,
    /// Whose mailbox.
    pub to: Email,
    /// In which language.
    pub locale: Locale,
    /// What happened.
    pub kind: NoticeKind,
}

/// What a notice tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeKind {
    /// A spent refresh token came back, and the session ended.
    SessionEnded {
        /// The session's device.
        device: Name,
        /// Where the token came back from, if that is known.
        address: Option<IpAddr>,
    },
    /// Something of the account changed, or was tried.
    Account {
        /// What.
        what: AccountNews,
        /// The device that did it.
        device: Name,
        /// Where it is, if that is known.
        address: Option<IpAddr>,
    },
}

/// What may happen to an account that its person has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountNews {
    /// Signed in on a client for the first time.
    NewDevice,
    /// Another password was chosen by somebody who knew the one before.
    PasswordChanged,
    /// Another password was chosen by somebody who has the mailbox.
    PasswordReset,
    /// The account is to move to another mailbox; told to this one.
    EmailChangeRequested,
    /// The account has moved to another mailbox; told to both.
    EmailChanged,
    /// The account is gone.
    AccountDeleted,
    /// An administrator has disabled the account.
    AccountDisabled,
    /// An administrator has enabled the account again.
    AccountEnabled,
    /// A token of the operator's has made the account an administrator's.
    MadeAdministrator,
}

impl AccountNews {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::NewDevice,
        Self::PasswordChanged,
        Self::PasswordReset,
        Self::EmailChangeRequested,
        Self::EmailChanged,
        Self::AccountDeleted,
        Self::AccountDisabled,
        Self::AccountEnabled,
        Self::MadeAdministrator,
    ];

    /// The news of a stored word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|news| news.as_str() == word)
    }

    /// The word that is stored; never changes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NewDevice => "new_device",
            Self::PasswordChanged => "password_changed",
            Self::PasswordReset => "password_reset",
            Self::EmailChangeRequested => "email_change_requested",
            Self::EmailChanged => "email_changed",
            Self::AccountDeleted => "account_deleted",
            Self::AccountDisabled => "account_disabled",
            Self::AccountEnabled => "account_enabled",
            Self::MadeAdministrator => "made_administrator",
        }
    }
}

impl NoticeKind {
    /// The word that is stored; never changes.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::SessionEnded { .. } => "session_ended",
            Self::Account { what, .. } => what.as_str(),
        }
    }
}
