//! [`Accounts`] on SQL.

use async_trait::async_trait;

use super::{
    Result, SqlStore, account_changes, audit,
    engine::{Alone, Tx, sql},
    known_clients, password_history,
    row::{Row, corrupt},
};
use crate::{
    domain::{
        Account, ClientId, Email, Event, Locale, Name, Notice, Timestamp, UserId,
        account::{AccountState, StoredPassword},
    },
    storage::accounts::{AccountChange, Accounts, Changed, Consequences, Creation, ProfileChange},
};

macro_rules! columns {
    () => {
        "id, email, email_verified, password_scheme, password_hash, display_name, locale, roles, disabled, \
         not_before, created_at, password_changed_at"
    };
}

const BY_EMAIL: &str = concat!("SELECT ", columns!(), " FROM accounts WHERE email = $1");
const BY_ID: &str = concat!("SELECT ", columns!(), " FROM accounts WHERE id = $1");
const INSERT: &str = concat!(
    "INSERT INTO accounts (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (email) DO NOTHING"
);
const UPDATE_PROFILE: &str = concat!(
    "UPDATE accounts SET display_name = COALESCE($2, display_name), locale = COALESCE($3, locale) \
     WHERE id = $1 RETURNING ",
    columns!()
);
const REPLACE_PASSWORD: &str = "UPDATE accounts SET password_scheme = $4, password_hash = $5 \
     WHERE id = $1 AND password_scheme = $2 AND password_hash = $3";

fn account(row: &Row) -> Result<Account> {
    Ok(Account {
        id: UserId(row.get("id")?),
        email: row.parsed("email", Email::stored)?,
        email_verified: row.get("email_verified")?,
        password: StoredPassword { scheme: row.get("password_scheme")?, hash: row.get("password_hash")? },
        display_name: row.parsed("display_name", Name::parse)?,
        locale: row.parsed("locale", |tag| Locale::parse(tag).ok_or(()))?,
        roles: row.get("roles")?,
        state: if row.get("disabled")? { AccountState::Disabled } else { AccountState::Active },
        not_before: row.get("not_before")?,
        created_at: row.get("created_at")?,
        password_changed_at: row.get("password_changed_at")?,
    })
}

#[async_trait]
impl Accounts for SqlStore {
    async fn by_email(&self, email: &Email) -> Result<Option<Account>> {
        self.timed("accounts.by_email", async {
            let query = sql(BY_EMAIL).bind(email.as_str());
            let row = query.read_one(&self.pools).await?;
            row.as_ref().map(account).transpose()
        })
        .await
    }

    async fn by_id(&self, id: UserId) -> Result<Option<Account>> {
        self.timed("accounts.by_id", async {
            let row = sql(BY_ID).bind(id.0).read_one(&self.pools).await?;
            row.as_ref().map(account).transpose()
        })
        .await
    }

    async fn create(&self, account: &Account, event: &Event) -> Result<Creation> {
        self.timed("accounts.create", async {
            // Another account may be about to move to the address.
            let mut tx = self.pools.begin(Alone::With(account.email.as_str().as_bytes())).await?;
            let insert = sql(INSERT)
                .bind(account.id.0)
                .bind(account.email.as_str())
                .bind(account.email_verified)
                .bind(&account.password.scheme)
                .bind(&account.password.hash)
                .bind(account.display_name.as_str())
                .bind(account.locale.tag())
                .bind(&account.roles[..])
                .bind(account.state == AccountState::Disabled)
                .bind(account.not_before)
                .bind(account.created_at)
                .bind(account.password_changed_at);
            if insert.run(&mut tx).await? == 0 {
                return Ok(Creation::EmailTaken);
            }
            audit::insert(&mut tx, event).await?;
            tx.commit().await?;
            Ok(Creation::Created)
        })
        .await
    }

    async fn update_profile(&self, id: UserId, change: &ProfileChange, event: &Event) -> Result<Option<Account>> {
        self.timed("accounts.update_profile", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            let update = sql(UPDATE_PROFILE)
                .bind(id.0)
                .bind(change.display_name.as_ref().map(Name::as_str))
                .bind(change.locale.map(Locale::tag));
            let row = update.one(&mut tx).await?;
            let Some(account) = row.as_ref().map(account).transpose()? else { return Ok(None) };
            audit::insert(&mut tx, event).await?;
            tx.commit().await?;
            Ok(Some(account))
        })
        .await
    }

    async fn replace_password(&self, id: UserId, expected: &StoredPassword, new: &StoredPassword) -> Result<bool> {
        self.timed("accounts.replace_password", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            let is_replaced = replace_password(&mut tx, id, expected, new).await?;
            tx.commit().await?;
            Ok(is_replaced)
        })
        .await
    }

    async fn change(&self, account: &Account, change: &AccountChange, with: &Consequences) -> Result<Changed> {
        let work = account_changes::change(&self.pools, account, change, with);
        self.timed("accounts.change", self.pools.in_time(work)).await
    }

    async fn knows(&self, id: UserId, client_id: &ClientId) -> Result<bool> {
        self.timed("accounts.knows", known_clients::has(&self.pools, id, client_id)).await
    }

    async fn remember(&self, id: UserId, client_id: &ClientId, at: Timestamp, notice: Option<&Notice>) -> Result<bool> {
        self.timed("accounts.remember", known_clients::add(&self.pools, id, client_id, at, notice)).await
    }

    async fn former_passwords(&self, id: UserId, limit: u32) -> Result<Vec<StoredPassword>> {
        self.timed("accounts.former_passwords", password_history::latest(&self.pools, id, limit)).await
    }
}

async fn replace_password(tx: &mut Tx, id: UserId, expected: &StoredPassword, new: &StoredPassword) -> Result<bool> {
    let update =
        sql(REPLACE_PASSWORD).bind(id.0).bind(&expected.scheme).bind(&expected.hash).bind(&new.scheme).bind(&new.hash);
    match update.run(tx).await? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(corrupt("id")),
    }
}
