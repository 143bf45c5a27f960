//! People's accounts.

use super::{Email, Locale, Name, Timestamp, UserId};

/// Whether a person may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountState {
    /// May sign in.
    Active,
    /// May not; told only after a right credential.
    Disabled,
}

/// A person with an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Never given to anyone else.
    pub id: UserId,
    /// The proven address.
    pub email: Email,
    /// Whether the mailbox was proven.
    pub email_verified: bool,
    /// How the password is stored.
    pub password: StoredPassword,
    /// When it was chosen; a hash that is only stored anew leaves it alone.
    pub password_changed_at: Timestamp,
    /// What the person wants to be called.
    pub display_name: Name,
    /// The language of mails.
    pub locale: Locale,
    /// What the person may do.
    pub roles: Vec<String>,
    /// Whether the person may sign in.
    pub state: AccountState,
    /// Tokens issued at or before this second are void, whatever their session.
    pub not_before: Timestamp,
    /// When the account was made.
    pub created_at: Timestamp,
}

/// A password hash with all that is needed to check it.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredPassword {
    /// `bcrypt` for a plain imported hash; `bcrypt+hmac:KEY` for ours, where KEY
    /// names the pepper.
    pub scheme: String,
    /// A modular-crypt string of bcrypt, which holds cost and salt.
    pub hash: String,
}

impl std::fmt::Debug for StoredPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoredPassword({})", self.scheme)
    }
}
