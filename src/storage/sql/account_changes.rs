//! Changes of an account together with what follows from them, in one transaction.

use super::{
    Result,
    appends::Append,
    engine::{Alone, Pools, Query, Tx, sql},
    listener::CHANNEL,
    password_history,
};
use crate::{
    domain::{Account, account::AccountState},
    storage::accounts::{AccountChange, Changed, Consequences},
};

// Provided that nobody has changed what matters since it was read.
macro_rules! where_as_read {
    ($act:literal) => {
        concat!($act, " WHERE id = $1 AND email = $2 AND password_changed_at = $3")
    };
}

const PASSWORD: &str =
    where_as_read!("UPDATE accounts SET password_scheme = $4, password_hash = $5, password_changed_at = $6");
const EMAIL: &str = where_as_read!("UPDATE accounts SET email = $4, email_verified = $5");
const IS_TAKEN: &str = "SELECT id FROM accounts WHERE email = $1";
const STATE: &str = where_as_read!("UPDATE accounts SET disabled = $4");
const ROLES: &str = where_as_read!("UPDATE accounts SET roles = $4");
const DELETE: &str = where_as_read!("DELETE FROM accounts");
const FORGET_CLIENTS: &str = "DELETE FROM known_clients WHERE user_id = $1";

pub(super) async fn change(
    pools: &Pools,
    account: &Account,
    change: &AccountChange,
    with: &Consequences,
) -> Result<Changed> {
    let append = Append {
        revocations: with.revocations.clone(),
        events: with.events.clone(),
        notices: with.notices.clone(),
        once: false,
    };
    let mut tx = pools.begin(order(change, &append)).await?;
    if let AccountChange::Email(new) = change
        && sql(IS_TAKEN).bind(new.as_str()).one(&mut tx).await?.is_some()
    {
        return Ok(Changed::EmailTaken);
    }
    if matches!(change, AccountChange::Deletion) {
        tx.also_alone_with(account.id.0.as_bytes()).await?;
    }
    // The journal first: it raises a mark of the account, which a deletion takes along.
    let appended = append.write(&mut tx).await?;
    if write(&mut tx, account, change).await? == 0 {
        return Ok(Changed::Conflict);
    }
    if !with.revocations.is_empty() {
        tx.announce(CHANNEL).await?;
    }
    tx.commit().await?;
    Ok(Changed::Done(appended.numbers))
}

/// A change of address takes nothing back, and waits for others to the same address.
fn order<'a>(change: &'a AccountChange, append: &Append) -> Alone<'a> {
    match change {
        AccountChange::Email(new) if append.revocations.is_empty() => Alone::With(new.as_str().as_bytes()),
        _ => append.order(),
    }
}

/// How many accounts it touched.
async fn write(tx: &mut Tx, account: &Account, change: &AccountChange) -> Result<u64> {
    let as_read =
        |text| -> Query { sql(text).bind(account.id.0).bind(account.email.as_str()).bind(account.password_changed_at) };
    match change {
        AccountChange::Password(new) | AccountChange::Reset(new) => {
            if matches!(change, AccountChange::Reset(_)) {
                sql(FORGET_CLIENTS).bind(account.id.0).run(tx).await?;
            }
            let stored = &new.stored;
            let changed = as_read(PASSWORD).bind(&stored.scheme).bind(&stored.hash).bind(new.at).run(tx).await?;
            if changed > 0 {
                password_history::remember(tx, account.id, &account.password, new.keep, new.at).await?;
            }
            Ok(changed)
        }
        AccountChange::Email(new) => as_read(EMAIL).bind(new.as_str()).bind(true).run(tx).await,
        AccountChange::State(state) => as_read(STATE).bind(*state == AccountState::Disabled).run(tx).await,
        AccountChange::Roles(roles) => as_read(ROLES).bind(&roles[..]).run(tx).await,
        AccountChange::Deletion => as_read(DELETE).run(tx).await,
    }
}
