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
        Account, Email, Event, EventKind, Name, Notice, NoticeKind, Origin, Revocation, Session, Timestamp, UserId,
        account::AccountState,
        notice::AccountNews,
        revocation::{RevocationReason, Target},
        roles,
    },
    flows::revoke::{self, Lives},
    storage::{
        Accounts, Journal, Probe, Sessions,
        accounts::{AccountChange, Changed, Consequences},
        sql::SqlStore,
    },
    stores::OpenStores,
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
        let world = World::default();
        let stores = OpenStores::open(config, &world, &Arc::default()).await?;
        let desk = Desk { store: &stores.sql, stores: &stores, config, now: world.clock.now(), world };
        let done = match command {
            Command::Show { user } => desk.show(user).await,
            Command::Disable { user } => desk.set_state(user, AccountState::Disabled).await,
            Command::Enable { user } => desk.set_state(user, AccountState::Active).await,
            Command::EndSessions { user } => desk.end_sessions(user).await,
            Command::AdminToken => desk.admin_token().await,
            Command::SetRoles { user, roles } => desk.set_roles(user, roles).await,
        };
        stores.close().await;
        done
    })
}

struct Desk<'a> {
    store: &'a SqlStore,
    stores: &'a OpenStores,
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
        } else if state == AccountState::Disabled {
            // Given again, for it could not do all of it.
            let lines = self.everything(&account, RevocationReason::AccountDisabled).await?;
            self.store.append(&lines, &[], &[]).await?;
            self.apply(&account, &lines).await?;
        }
        println!("{} is {word}", account.id);
        Ok(())
    }

    async fn end_sessions(&self, user: &str) -> Result<(), Failure> {
        let account = self.find(user).await?;
        let lines = self.everything(&account, RevocationReason::Administrator).await?;
        let event = self.event(EventKind::AdminSessionsEnded, &account);
        self.store.append(&lines, &[event], &[]).await?;
        self.apply(&account, &lines).await?;
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
            Changed::Done(_) => self.apply(account, &with.revocations).await,
            Changed::Conflict | Changed::EmailTaken => Err("the account was changed meanwhile: try again".into()),
        }
    }

    /// Where the sessions are in this database; a server with Redis does it there. And what
    /// began meanwhile, by a sign-in that had its last look at the account before.
    async fn apply(&self, account: &Account, lines: &[Revocation]) -> Result<(), Failure> {
        self.store.end_all(lines).await?;
        let Some(Revocation { not_before, reason, .. }) = lines.first() else { return Ok(()) };
        let now = self.now_of_all().await?;
        let mut late = self.sessions(account, now).await?;
        let is_told = |id| lines.iter().any(|line| line.target == Target::Session(id));
        late.retain(|session| session.created_at > *not_before && !is_told(session.id));
        if late.is_empty() {
            return Ok(());
        }
        let late: Vec<_> = late.iter().map(|session| self.lives().revocation(session, *reason, now)).collect();
        self.store.append(&late, &[], &[]).await?;
        self.store.end_all(&late).await?;
        Ok(())
    }

    /// Also what began while our clock was behind.
    async fn everything(&self, account: &Account, reason: RevocationReason) -> Result<Vec<Revocation>, Failure> {
        let now = self.now_of_all().await?;
        let sessions = self.sessions(account, now).await?;
        Ok(revoke::everything_of(self.lives(), account.id, sessions, reason, now))
    }

    /// The clock of the database counts, if it is ahead.
    async fn now_of_all(&self) -> Result<Timestamp, Failure> {
        Ok(self.store.check(self.now).await?.map_or(self.now, |theirs| theirs.max(self.now)))
    }

    fn lives(&self) -> Lives {
        Lives { session: self.config.sessions.max_age, access: self.config.tokens.access_ttl }
    }

    /// Whoever ends sessions in need does so without Redis, too: all but what a server began
    /// whose clock is ahead.
    async fn sessions(&self, account: &Account, now: Timestamp) -> Result<Vec<Session>, Failure> {
        let Some(redis) = &self.stores.redis else { return Ok(Sessions::list(self.store, account.id, now).await?) };
        let found = async {
            redis.connected().await?;
            Sessions::list(&**redis, account.id, now).await
        };
        Ok(found.await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the sessions in Redis were not looked at: give the command again");
            Vec::new()
        }))
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
