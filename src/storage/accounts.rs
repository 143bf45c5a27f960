//! People's accounts.

use async_trait::async_trait;

use super::Result;
use crate::domain::{Account, Email, Event, Locale, Name, UserId, account::StoredPassword};

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

    /// Puts `new` in the place of `expected`. `false`: the stored one was
    /// another by now.
    async fn replace_password(&self, id: UserId, expected: &StoredPassword, new: &StoredPassword) -> Result<bool>;
}
