//! People's accounts.

use async_trait::async_trait;

use super::Result;
use crate::domain::{
    Account, ClientId, Email, Event, Locale, Name, Notice, Revocation, Timestamp, UserId,
    account::{AccountState, StoredPassword},
};

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

/// A change that matters to who may do what.
#[derive(Clone, Debug)]
pub enum AccountChange {
    /// Another password.
    Password(NewPassword),
    /// The same by somebody who had lost it: no client is known any more.
    Reset(NewPassword),
    /// Another address.
    Email(Email),
    /// Whether the person may sign in.
    State(AccountState),
    /// What the person may do.
    Roles(Vec<String>),
    /// Nothing is left, and the address is free.
    Deletion,
}

/// Another password for an account.
#[derive(Clone, Debug)]
pub struct NewPassword {
    /// How it is stored.
    pub stored: StoredPassword,
    /// When it was chosen.
    pub at: Timestamp,
    /// How many former ones are kept, the present one among them; those beyond are
    /// forgotten.
    pub keep: u32,
}

/// What belongs to a change, and is written with it or not at all.
#[derive(Clone, Debug, Default)]
pub struct Consequences {
    /// Lines of the journal.
    pub revocations: Vec<Revocation>,
    /// Lines of the audit log.
    pub events: Vec<Event>,
    /// What people are told.
    pub notices: Vec<Notice>,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// Done; the numbers of the revocations.
    Done(Vec<i64>),
    /// The account is gone, or its address or password is another by now.
    Conflict,
    /// The new address has an account.
    EmailTaken,
}

/// Clients that an account remembers; the one that came first is forgotten first.
pub const KNOWN_CLIENTS: u32 = 50;

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

    /// Changes an account, provided that its address and the time of its password are
    /// those of `account`, with all that belongs to it: as
    /// [`Journal::append`](super::Journal::append) does, and in the same step.
    async fn change(&self, account: &Account, change: &AccountChange, with: &Consequences) -> Result<Changed>;

    /// Whether the person has signed in on this client before. Of nobody it is false,
    /// after the same work.
    async fn knows(&self, id: UserId, client_id: &ClientId) -> Result<bool>;

    /// Remembers a client, and tells of it if it was unknown; whether it was.
    async fn remember(&self, id: UserId, client_id: &ClientId, at: Timestamp, notice: Option<&Notice>) -> Result<bool>;

    /// The passwords that the account had before its present one, newest first, of
    /// those that were kept.
    async fn former_passwords(&self, id: UserId, limit: u32) -> Result<Vec<StoredPassword>>;
}
