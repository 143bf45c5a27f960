//! [`Accounts`] on SQL.

use async_trait::async_trait;

use super::{
    Result, SqlStore, StoreError, account_changes, audit,
    engine::{Alone, Query, Tx, sql},
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

/// One row in any case, so that the time does not tell which addresses have an account:
/// theirs, or [`nobody`].
const BY_EMAIL: &str = "SELECT accounts.id IS NOT NULL AS is_there, COALESCE(id, $1) AS id, COALESCE(email, $2) AS email, \
     COALESCE(email_verified, $3) AS email_verified, COALESCE(password_scheme, $4) AS password_scheme, \
     COALESCE(password_hash, $5) AS password_hash, COALESCE(display_name, $6) AS display_name, \
     COALESCE(locale, $7) AS locale, COALESCE(roles, $8) AS roles, COALESCE(disabled, $9) AS disabled, \
     COALESCE(not_before, $10) AS not_before, COALESCE(created_at, $11) AS created_at, \
     COALESCE(password_changed_at, $12) AS password_changed_at \
     FROM (SELECT 1) AS always LEFT JOIN accounts ON accounts.email = $2";
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

/// What is read where there is no account: as long as most accounts are.
fn nobody(email: &Email) -> Account {
    Account {
        id: UserId(uuid::Uuid::nil()),
        email: email.clone(),
        email_verified: true,
        password: StoredPassword { scheme: "none".to_owned(), hash: "-".repeat(60) },
        password_changed_at: Timestamp::default(),
        display_name: Name::default(),
        locale: Locale::default(),
        roles: Vec::new(),
        state: AccountState::Active,
        not_before: Timestamp::default(),
        created_at: Timestamp::default(),
    }
}

/// `$1` to `$12`, in the order of `columns!`.
fn with_columns(query: Query, account: &Account) -> Query {
    query
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
        .bind(account.password_changed_at)
}

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
            let row = with_columns(sql(BY_EMAIL), &nobody(email)).read_one(&self.pools).await?;
            let row = row.ok_or_else(|| StoreError::Corrupt("no row of a join that always has one".to_owned()))?;
            let (is_there, account) = (row.get("is_there")?, account(&row)?);
            Ok(Some(account).filter(|_| is_there))
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
            if with_columns(sql(INSERT), account).run(&mut tx).await? == 0 {
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
