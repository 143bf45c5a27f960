//! `sekisho service`.

use std::sync::Arc;

use clap::Subcommand;

use super::{Failure, runtime};
use crate::{
    app::{self, World},
    config::Config,
    crypto::{Secrets, service_secret::ServiceSecret},
    domain::{
        Event, EventKind, Origin, Revocation, ServiceAccount, Timestamp, UserId,
        revocation::{RevocationReason, Target},
        service::{Scopes, ServiceId, ServiceName, StoredSecret},
    },
    feed::STRIKES_FOR,
    flows::service_token,
    storage::{Journal, ServiceAccounts, sql::SqlStore},
    stores,
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Make an account for a service, and print its secret: it is shown once.
    Create {
        /// The client_id: 1 to 64 characters out of a-z 0-9 . _ -
        name: String,
        /// What its tokens are good for, such as revocations:read; may be repeated.
        #[arg(long, required = true, value_name = "SCOPE")]
        scope: Vec<String>,
    },
    /// List them: name, state, when it was made, scopes.
    List,
    /// End an account, and every token of it.
    Disable {
        /// The client_id.
        name: String,
    },
    /// Print a new secret; the old one is worth nothing from now on.
    Rotate {
        /// The client_id.
        name: String,
    },
}

pub(super) fn run(command: &Command, config: &Config) -> Result<(), Failure> {
    runtime()?.block_on(async {
        let store = stores::open_sql(config, &Arc::default()).await?;
        let desk = Desk { store: &store, secrets: app::secrets(config)?, world: World::default() };
        let done = match command {
            Command::Create { name, scope } => desk.create(name, scope).await,
            Command::List => desk.list().await,
            Command::Disable { name } => desk.disable(name).await,
            Command::Rotate { name } => desk.rotate(name).await,
        };
        store.close().await;
        done
    })
}

struct Desk<'a> {
    store: &'a SqlStore,
    secrets: Secrets,
    world: World,
}

#[expect(clippy::print_stdout, reason = "a command's answer")]
impl Desk<'_> {
    async fn create(&self, name: &str, scopes: &[String]) -> Result<(), Failure> {
        let name = read_name(name)?;
        if service_token::is_of_development(&name) {
            return Err("that name is the one of `sekisho dev`".into());
        }
        let scopes = Scopes::parse(&scopes.join(" "));
        let scopes = scopes.map_err(|_| "a scope is one word of ASCII without \" and \\; 1024 characters in all")?;
        let (secret, stored) = self.new_secret()?;
        let account = ServiceAccount {
            id: ServiceId::random(&*self.world.entropy),
            name,
            scopes,
            secret: stored,
            disabled: false,
            created_at: self.now(),
        };
        if !self.store.create(&account, &self.event(EventKind::ServiceCreated, &account)).await? {
            return Err("there is a service of that name".into());
        }
        println!("{}", secret.expose());
        Ok(())
    }

    async fn list(&self) -> Result<(), Failure> {
        for account in ServiceAccounts::list(self.store).await? {
            let state = if account.disabled { "disabled" } else { "active" };
            println!("{}  {state:<8}  {}  {}", account.name.as_str(), account.created_at, account.scopes);
        }
        Ok(())
    }

    /// The account first: after that no token is issued which the line in the
    /// journal would not strike.
    async fn disable(&self, name: &str) -> Result<(), Failure> {
        let account = self.find(name).await?;
        self.store.disable(account.id).await?;
        let now = self.now();
        let tokens = Revocation {
            user_id: UserId(account.id.0),
            target: Target::User,
            not_before: now,
            reason: RevocationReason::Revoked,
            expires_at: now + STRIKES_FOR,
        };
        self.store.append(&[tokens], &[self.event(EventKind::ServiceDisabled, &account)], &[]).await?;
        println!("{} is disabled", account.name.as_str());
        Ok(())
    }

    async fn rotate(&self, name: &str) -> Result<(), Failure> {
        let account = self.find(name).await?;
        let (secret, stored) = self.new_secret()?;
        self.store.rotate(account.id, &stored, &self.event(EventKind::ServiceRotated, &account)).await?;
        println!("{}", secret.expose());
        Ok(())
    }

    async fn find(&self, name: &str) -> Result<ServiceAccount, Failure> {
        let account = self.store.by_name(&read_name(name)?).await?;
        account.ok_or_else(|| "there is no service of that name".into())
    }

    fn new_secret(&self) -> Result<(ServiceSecret, StoredSecret), Failure> {
        let secret = ServiceSecret::random(&*self.world.entropy);
        let stored = secret.store(&self.secrets).ok_or("no key for the secrets of services")?;
        Ok((secret, stored))
    }

    fn event(&self, kind: EventKind, account: &ServiceAccount) -> Event {
        let origin = Origin { address: None, request_id: "command".into() };
        Event::new(self.now(), kind, &origin).user(UserId(account.id.0)).client(account.name.client_id())
    }

    fn now(&self) -> Timestamp {
        self.world.clock.now()
    }
}

fn read_name(text: &str) -> Result<ServiceName, Failure> {
    ServiceName::parse(text).map_err(|_| "a name is 1 to 64 characters out of a-z 0-9 . _ -".into())
}
