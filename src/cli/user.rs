//! `sekisho user`: what an administrator does, from the shell. A server that runs hears of
//! it by the journal.

use std::sync::Arc;

use clap::Subcommand;

use super::{Failure, runtime};
use crate::{
    app::{self, World},
    config::Config,
    crypto::admin_token::AdminToken,
    domain::{
        Account, Email, Event, EventKind, Name, Notice, NoticeKind, Origin, Revocation, Timestamp, UserId,
        account::AccountState, notice::AccountNews, revocation::RevocationReason, roles,
    },
    flows::revoke::{self, Lives},
    storage::{
        Accounts, Journal, Probe, Sessions,
        accounts::{AccountChange, Changed, Consequences},
        sql::SqlStore,
    },
    stores,
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Print an account: id, state, roles, when it was made.
    Show {
        /// The UUID or the address.
        user: String,
    },
    /// Keep a person from signing in, and end every session.
    Disable {
        /// The UUID or the address.
        user: String,
    },
    /// Let a person sign in again.
    Enable {
        /// The UUID or the address.
        user: String,
    },
    /// End every session of a person.
    EndSessions {
        /// The UUID or the address.
        user: String,
    },
    /// Print a token that gives whoever redeems it the role admin: once, and for 30 minutes.
    AdminToken,
    /// Replace the roles of a person. Every session ends, so that tokens say the same.
    SetRoles {
        /// The UUID or the address.
        user: String,
        /// All of them; none takes all away.
        roles: Vec<String>,
    },
}

pub(super) fn run(command: &Command, config: &Config) -> Result<(), Failure> {
    runtime()?.block_on(async {
        let store = stores::open_sql(config, &Arc::default()).await?;
        let world = World::default();
        let desk = Desk { store: &store, config, now: world.clock.now(), world };
        let done = match command {
            Command::Show { user } => desk.show(user).await,
            Command::Disable { user } => desk.set_state(user, AccountState::Disabled).await,
            Command::Enable { user } => desk.set_state(user, AccountState::Active).await,
            Command::EndSessions { user } => desk.end_sessions(user).await,
            Command::AdminToken => desk.admin_token().await,
            Command::SetRoles { user, roles } => desk.set_roles(user, roles).await,
        };
        store.close().await;
        done
    })
}

struct Desk<'a> {
    store: &'a SqlStore,
    config: &'a Config,
    now: Timestamp,
    world: World,
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
impl Desk<'_> {
    async fn show(&self, user: &str) -> Result<(), Failure> {
        let account = self.find(user).await?;
        let state = if account.state == AccountState::Disabled { "disabled" } else { "active" };
        println!(
            "{}  {}  {state}  {}  {}",
            account.id,
            account.email.as_str(),
            account.created_at,
            account.roles.join(" ")
        );
        Ok(())
    }

    async fn set_state(&self, user: &str, state: AccountState) -> Result<(), Failure> {
        let account = self.find(user).await?;
        let (kind, news, word) = match state {
            AccountState::Active => (EventKind::AdminUserEnabled, AccountNews::AccountEnabled, "enabled"),
            AccountState::Disabled => (EventKind::AdminUserDisabled, AccountNews::AccountDisabled, "disabled"),
        };
        if account.state != state {
            let ends = state == AccountState::Disabled;
            let reason = RevocationReason::AccountDisabled;
            let with = Consequences {
                revocations: if ends { self.everything(&account, reason).await? } else { Vec::new() },
                events: vec![self.event(kind, &account)],
                notices: vec![self.notice(&account, news)],
            };
            self.change(&account, &AccountChange::State(state), &with).await?;
        }
        println!("{} is {word}", account.id);
        Ok(())
    }

    async fn end_sessions(&self, user: &str) -> Result<(), Failure> {
        let account = self.find(user).await?;
        let lines = self.everything(&account, RevocationReason::Administrator).await?;
        let event = self.event(EventKind::AdminSessionsEnded, &account);
        self.store.append(&lines, &[event], &[]).await?;
        self.apply(&lines).await?;
        println!("the sessions of {} have ended", account.id);
        Ok(())
    }

    async fn set_roles(&self, user: &str, words: &[String]) -> Result<(), Failure> {
        let account = self.find(user).await?;
        let roles = roles::parse(words);
        let roles = roles.map_err(|_| "at most 32 roles, each of 1 to 64 characters out of A-Z a-z 0-9 . _ : -")?;
        let with = Consequences {
            revocations: self.everything(&account, RevocationReason::RolesChanged).await?,
            events: vec![self.event(EventKind::AdminRolesSet, &account)],
            ..Consequences::default()
        };
        self.change(&account, &AccountChange::Roles(roles), &with).await?;
        println!("the roles of {} are set", account.id);
        Ok(())
    }

    async fn admin_token(&self) -> Result<(), Failure> {
        let token = AdminToken::issue(&app::secrets(self.config)?, &*self.world.entropy, self.now);
        let token = token.ok_or("no key for the tokens of administrators")?;
        let origin = Origin { address: None, request_id: "command".into() };
        self.store.append(&[], &[Event::new(self.now, EventKind::AdminTokenIssued, &origin)], &[]).await?;
        println!("{}", token.expose());
        Ok(())
    }

    async fn find(&self, user: &str) -> Result<Account, Failure> {
        let account = match (UserId::parse(user), Email::parse(user)) {
            (Some(id), _) => self.store.by_id(id).await?,
            (None, Ok(email)) => self.store.by_email(&email).await?,
            (None, Err(_)) => return Err("neither a UUID nor an address".into()),
        };
        account.ok_or_else(|| "there is no such account".into())
    }

    async fn change(&self, account: &Account, change: &AccountChange, with: &Consequences) -> Result<(), Failure> {
        match Accounts::change(self.store, account, change, with).await? {
            Changed::Done(_) => self.apply(&with.revocations).await,
            Changed::Conflict | Changed::EmailTaken => Err("the account was changed meanwhile: try again".into()),
        }
    }

    /// Where the sessions are in this database; a server with Redis does it there.
    async fn apply(&self, lines: &[Revocation]) -> Result<(), Failure> {
        self.store.end_all(lines).await?;
        Ok(())
    }

    /// Also what began while our clock was behind: that of the database counts, if it is ahead.
    async fn everything(&self, account: &Account, reason: RevocationReason) -> Result<Vec<Revocation>, Failure> {
        let now = self.store.check(self.now).await?.map_or(self.now, |theirs| theirs.max(self.now));
        let lives = Lives { session: self.config.sessions.max_age, access: self.config.tokens.access_ttl };
        let sessions = Sessions::list(self.store, account.id, now).await?;
        Ok(revoke::everything_of(lives, account.id, sessions, reason, now))
    }

    fn event(&self, kind: EventKind, account: &Account) -> Event {
        let origin = Origin { address: None, request_id: "command".into() };
        Event::new(self.now, kind, &origin).user(account.id)
    }

    fn notice(&self, account: &Account, what: AccountNews) -> Notice {
        let kind = NoticeKind::Account { what, device: Name::default(), address: None };
        Notice { at: self.now, to: account.email.clone(), locale: account.locale, kind }
    }
}
