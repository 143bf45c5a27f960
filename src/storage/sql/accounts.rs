//! [`Accounts`] on SQL.

use async_trait::async_trait;

use super::{
    Result, SqlStore, audit,
    engine::{Alone, Tx, sql},
    password_history,
    row::{Row, corrupt},
};
use crate::{
    domain::{
        Account, Email, Event, Locale, Name, UserId,
        account::{AccountState, StoredPassword},
    },
    storage::accounts::{Accounts, Creation, PasswordChange, ProfileChange},
};

macro_rules! columns {
    () => {
        "id, email, email_verified, password_scheme, password_hash, display_name, locale, roles, disabled, \
         not_before, created_at"
    };
}

const BY_EMAIL: &str = concat!("SELECT ", columns!(), " FROM accounts WHERE email = $1");
const BY_ID: &str = concat!("SELECT ", columns!(), " FROM accounts WHERE id = $1");
const INSERT: &str = concat!(
    "INSERT INTO accounts (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (email) DO NOTHING"
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
            let mut tx = self.pools.begin(Alone::Nothing).await?;
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
                .bind(account.created_at);
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

    async fn change_password(&self, id: UserId, change: &PasswordChange, event: &Event) -> Result<bool> {
        self.timed("accounts.change_password", async {
            let mut tx = self.pools.begin(Alone::Nothing).await?;
            if !replace_password(&mut tx, id, &change.expected, &change.new).await? {
                return Ok(false);
            }
            password_history::remember(&mut tx, id, &change.expected, change.keep, change.at).await?;
            audit::insert(&mut tx, event).await?;
            tx.commit().await?;
            Ok(true)
        })
        .await
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
