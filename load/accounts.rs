//! Accounts, without the cost of a sign-up.

use std::sync::Arc;

use sekisho::{
    clock::{Clock, SystemClock},
    crypto::{Hasher, Passwords},
    domain::{
        Account, Email, Event, EventKind, Locale, Name, Origin, Password, Timestamp, UserId,
        account::{AccountState, StoredPassword},
    },
    entropy::SystemEntropy,
    storage::Stores,
};

use crate::{Outcome, stack::secrets};

/// Of all of them.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// Makes one for each address; the password is hashed once, at a cost of bcrypt.
pub(crate) async fn create(stores: &Stores, emails: impl IntoIterator<Item = String>, cost: u32) -> Outcome<()> {
    let stored = hashed(cost).await?;
    for email in emails {
        create_one(stores, &email, &stored).await?;
    }
    Ok(())
}

/// The password of all of them, as it is stored.
pub(crate) async fn hashed(cost: u32) -> Outcome<StoredPassword> {
    let hasher = Arc::new(Hasher::start(1, Arc::default())?);
    let passwords =
        Passwords::new(hasher, Arc::new(secrets()?), Arc::new(SystemEntropy), cost).map_err(|_| "no way to hash")?;
    let password = Password::parse(PASSWORD).map_err(|_| "no password")?;
    Ok(passwords.hash(&password).await.map_err(|_| "no hash")?)
}

/// Makes one with a password that is hashed.
pub(crate) async fn create_one(stores: &Stores, email: &str, stored: &StoredPassword) -> Outcome<Account> {
    let now = SystemClock.now();
    let account = account(email, stored, now)?;
    let event = Event::new(now, EventKind::SignupCompleted, &Origin::default()).user(account.id);
    stores.accounts.create(&account, &event).await?;
    Ok(account)
}

fn account(email: &str, password: &StoredPassword, now: Timestamp) -> Outcome<Account> {
    Ok(Account {
        id: UserId::random(&SystemEntropy),
        email: Email::parse(email).map_err(|_| "no address")?,
        email_verified: true,
        password: password.clone(),
        password_changed_at: now,
        display_name: Name::default(),
        locale: Locale::default(),
        roles: Vec::new(),
        state: AccountState::Active,
        not_before: Timestamp::default(),
        created_at: now,
    })
}
