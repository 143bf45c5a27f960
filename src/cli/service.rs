//! `sekisho service`.

use std::{collections::BTreeSet, sync::Arc};

use clap::Subcommand;

use super::{Failure, runtime};
use crate::{
    app::{self, World},
    config::Config,
    crypto::{Secrets, service_secret::ServiceSecret},
    domain::{
        Event, EventKind, Origin, Revocation, ServiceAccount, SpiffeId, Timestamp, UserId,
        revocation::{RevocationReason, Target},
        service::{Scopes, ServiceId, ServiceName, StoredSecret},
    },
    feed::STRIKES_FOR,
    flows::service_token,
    storage::{Journal, ServiceAccounts, ServiceIdentities, sql::SqlStore},
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
        /// The SPIFFE ID of its certificates; may be repeated.
        #[arg(long, value_name = "ID")]
        spiffe: Vec<String>,
    },
    /// Its certificates.
    Identity {
        #[command(subcommand)]
        command: Identity,
    },
    /// List them: name, state, when it was made, scopes, SPIFFE IDs.
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

#[derive(Subcommand)]
pub(super) enum Identity {
    /// Have certificates with a SPIFFE ID be those of a service.
    Add {
        /// The client_id.
        name: String,
        /// Such as spiffe://example.org/ns/shop/sa/orders.
        id: String,
    },
    /// Take a SPIFFE ID from a service, and end every token that the service has.
    Remove {
        /// The client_id.
        name: String,
        /// As it was added.
        id: String,
    },
}

pub(super) fn run(command: &Command, config: &Config) -> Result<(), Failure> {
    runtime()?.block_on(async {
        let store = stores::open_sql(config, &Arc::default()).await?;
        let desk = Desk { store: &store, secrets: app::secrets(config)?, world: World::default() };
        let done = match command {
            Command::Create { name, scope, spiffe } => desk.create(name, scope, spiffe).await,
            Command::Identity { command: Identity::Add { name, id } } => desk.add_identity(name, id).await,
            Command::Identity { command: Identity::Remove { name, id } } => desk.remove_identity(name, id).await,
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
    async fn create(&self, name: &str, scopes: &[String], ids: &[String]) -> Result<(), Failure> {
        let name = read_name(name)?;
        let ids = ids.iter().map(|id| read_id(id)).collect::<Result<BTreeSet<_>, _>>()?;
        for id in &ids {
            if self.store.owner(id).await?.is_some() {
                return Err(TAKEN.into());
            }
        }
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
        // Before anything else can fail: it is shown once.
        println!("{}", secret.expose());
        for id in &ids {
            self.name_certificates(&account, id).await?;
        }
        Ok(())
    }

    async fn list(&self) -> Result<(), Failure> {
        let identities = self.store.identities().await?;
        for account in ServiceAccounts::list(self.store).await? {
            let state = if account.disabled { "disabled" } else { "active" };
            let ids = identities.iter().filter(|(service, _)| *service == account.id);
            let ids: String = ids.map(|(_, id)| format!("  {id}")).collect();
            println!("{}  {state:<8}  {}  {}{ids}", account.name.as_str(), account.created_at, account.scopes);
        }
        Ok(())
    }

    /// The account first: after that no token is issued which the line in the
    /// journal would not strike.
    async fn disable(&self, name: &str) -> Result<(), Failure> {
        let account = self.find(name).await?;
        self.store.disable(account.id).await?;
        self.end_tokens(&account, &[self.event(EventKind::ServiceDisabled, &account)]).await?;
        println!("{} is disabled", account.name.as_str());
        Ok(())
    }

    async fn end_tokens(&self, account: &ServiceAccount, events: &[Event]) -> Result<(), Failure> {
        let now = self.now();
        let tokens = Revocation {
            user_id: UserId(account.id.0),
            target: Target::User,
            not_before: now,
            reason: RevocationReason::Revoked,
            expires_at: now + STRIKES_FOR,
        };
        self.store.append(&[tokens], events, &[]).await?;
        Ok(())
    }

    async fn add_identity(&self, name: &str, id: &str) -> Result<(), Failure> {
        let (account, id) = (self.find(name).await?, read_id(id)?);
        self.name_certificates(&account, &id).await?;
        println!("{id} is {}", account.name.as_str());
        Ok(())
    }

    async fn name_certificates(&self, account: &ServiceAccount, id: &SpiffeId) -> Result<(), Failure> {
        let event = self.event(EventKind::ServiceIdentityAdded, account);
        if !self.store.add(account.id, id, &event).await? {
            return Err(TAKEN.into());
        }
        tracing::info!(service = account.name.as_str(), spiffe_id = %id, "a service has an identity more");
        Ok(())
    }

    /// The name first, as with an account. Tokens are ended in any case: the command before
    /// may have come no further than the name.
    async fn remove_identity(&self, name: &str, id: &str) -> Result<(), Failure> {
        let (account, id) = (self.find(name).await?, read_id(id)?);
        let event = self.event(EventKind::ServiceIdentityRemoved, &account);
        let is_removed = self.store.remove(account.id, &id, &event).await?;
        self.end_tokens(&account, &[]).await?;
        if !is_removed {
            return Err("the service has no such id; its tokens are ended all the same".into());
        }
        tracing::info!(service = account.name.as_str(), spiffe_id = %id, "a service has an identity less");
        println!("{id} is nobody");
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

const TAKEN: &str = "that id is one already, of this service or another";

fn read_id(text: &str) -> Result<SpiffeId, Failure> {
    SpiffeId::parse(text).map_err(|_| "an id is spiffe://TRUST.DOMAIN/PATH, in the one form that SPIFFE allows".into())
}
