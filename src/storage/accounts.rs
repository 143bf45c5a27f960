//! People's accounts.

use async_trait::async_trait;

use super::Result;
use crate::domain::{Account, Email, Event, Locale, Name, Timestamp, UserId, account::StoredPassword};

/// What became of a new account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// It is there.
    Created,
    /// The address has an account already.
    EmailTaken,
}

/// What of a profile is to change.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    /// The new name.
    pub display_name: Option<Name>,
    /// The new language.
    pub locale: Option<Locale>,
}

/// Another password for an account.
#[derive(Clone, Debug)]
pub struct PasswordChange {
    /// The present one.
    pub expected: StoredPassword,
    /// The new one.
    pub new: StoredPassword,
    /// How many former ones are kept, this present one among them; those beyond are
    /// forgotten.
    pub keep: u32,
    /// When.
    pub at: Timestamp,
}

/// The table of accounts.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// The account of an address.
    async fn by_email(&self, email: &Email) -> Result<Option<Account>>;

    /// The account of an id.
    async fn by_id(&self, id: UserId) -> Result<Option<Account>>;

    /// Adds an account, and the event with it. One address, one account,
    /// whoever else tries at the same time.
    async fn create(&self, account: &Account, event: &Event) -> Result<Creation>;

    /// Changes a profile, and adds the event with it. `None`: no such account.
    async fn update_profile(&self, id: UserId, change: &ProfileChange, event: &Event) -> Result<Option<Account>>;

    /// Puts `new` in the place of `expected`: the same password, stored in another
    /// way. `false`: the stored one was another by now.
    async fn replace_password(&self, id: UserId, expected: &StoredPassword, new: &StoredPassword) -> Result<bool>;

    /// Puts another password in the place of the present one, keeps that among the
    /// former ones, and adds the event with it. `false`: the present one was another
    /// by now, and nothing was done.
    async fn change_password(&self, id: UserId, change: &PasswordChange, event: &Event) -> Result<bool>;

    /// The passwords that the account had before its present one, newest first, of
    /// those that were kept.
    async fn former_passwords(&self, id: UserId, limit: u32) -> Result<Vec<StoredPassword>>;
}
