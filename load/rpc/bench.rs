//! The replicas, their stores, and people with accounts.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use sekisho::{
    clock::{Clock, SystemClock},
    crypto::Secrets,
    domain::{ClientId, Code, Email, Purpose, Session, SessionId, UserId, account::StoredPassword},
    entropy::SystemEntropy,
    storage::{
        Stores,
        codes::{CodeKey, PendingCode},
    },
};
use tempfile::TempDir;
use tokio::sync::Mutex;
use tonic::{Request, transport::Channel};

use super::Extent;
use crate::{
    Outcome,
    accounts::{self, PASSWORD},
    people::session,
    servers::{Servers, Service},
    signed_in::{SignedIn, connect},
    stack::{PREFIX, Stack, secrets},
};

/// Of the service that asks about tokens and people.
const SERVICE: &str = "load";
const LIFE: Duration = Duration::from_secs(900);
/// See the module.
pub(super) struct Bench {
    stores: Stores,
    secrets: Arc<Secrets>,
    replicas: Vec<Service>,
    channels: Vec<Channel>,
    service_secret: String,
    /// Of everybody, as it is stored.
    pub(super) password: StoredPassword,
    next: AtomicU64,
    /// Who calls where nothing is used up, by the number of the caller.
    residents: Mutex<HashMap<usize, Person>>,
    _folders: Vec<TempDir>,
    _servers: [Servers; 2],
}

/// Somebody with an account and a session.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) email: String,
    pub(super) user_id: UserId,
    pub(super) signed_in: Arc<Mutex<SignedIn>>,
}

impl Person {
    /// An access token of the session.
    pub(super) async fn access(&self) -> Outcome<String> {
        self.signed_in.lock().await.refresh().await
    }
}

impl Bench {
    /// Starts everything.
    pub(super) async fn start(extent: &Extent) -> Outcome<Self> {
        let servers = [Servers::start("postgres", &["-c", "fsync=on"])?, Servers::start("redis", &[])?];
        let stack = Stack::on(&servers[0].url).and(&servers[1].url, PREFIX).without("SEKISHO_SMTP_URL");
        let stack =
            stack.unlimited().with("SEKISHO_BCRYPT_COST", &extent.cost.to_string()).with("SEKISHO_MAX_SESSIONS", "0");
        let stack = stack.with("SEKISHO_TRUSTED_PROXIES", "127.0.0.1");
        let stores = stack.open().await?;
        let scopes = ["--scope", "tokens:introspect", "--scope", "audit:read", "--scope", "accounts:admin"];
        // `service` wants to know where mail goes.
        let with_mail = stack.clone().with("SEKISHO_SMTP_URL", "smtp://127.0.0.1:9");
        let service_secret = with_mail.command(&[&["service", "create", SERVICE][..], &scopes].concat())?;
        let (mut replicas, mut channels, mut folders) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..extent.replicas {
            let folder = tempfile::tempdir()?;
            let replica = stack.dev(folder.path())?;
            // Callers share their ways, as behind a proxy.
            for _ in 0..4_usize.div_ceil(extent.replicas) {
                channels.push(connect(&replica.url).await?);
            }
            replicas.push(replica);
            folders.push(folder);
        }
        Ok(Self {
            stores,
            secrets: Arc::new(secrets()?),
            replicas,
            channels,
            service_secret,
            password: accounts::hashed(extent.cost).await?,
            next: AtomicU64::new(0),
            residents: Mutex::default(),
            _folders: folders,
            _servers: servers,
        })
    }

    /// The way of a caller to its replica.
    pub(super) fn channel(&self, caller: usize) -> Channel {
        self.channels[caller % self.channels.len()].clone()
    }

    /// A number that nobody had.
    pub(super) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Makes an account and a session of it, past the service.
    pub(super) async fn person(&self, caller: usize) -> Outcome<Person> {
        let number = self.number();
        let email = format!("person-{number}@example.com");
        let account = accounts::create_one(&self.stores, &email, &self.password).await?;
        let signed_in = self.session(caller, account.id, &account.email).await?;
        Ok(Person { email, user_id: account.id, signed_in: Arc::new(Mutex::new(signed_in)) })
    }

    /// Somebody whom the caller keeps for all calls.
    pub(super) async fn resident(&self, caller: usize) -> Outcome<Person> {
        if let Some(resident) = self.residents.lock().await.get(&caller) {
            return Ok(resident.clone());
        }
        let resident = self.person(caller).await?;
        self.residents.lock().await.insert(caller, resident.clone());
        Ok(resident)
    }

    /// One more session of the caller's resident.
    pub(super) async fn another_session(&self, caller: usize) -> Outcome<SignedIn> {
        let resident = self.resident(caller).await?;
        let email = Email::parse(&resident.email).map_err(|_| "no address")?;
        self.session(caller, resident.user_id, &email).await
    }

    async fn session(&self, caller: usize, user_id: UserId, email: &Email) -> Outcome<SignedIn> {
        let like = session(self.number(), 0, SystemClock.now())?;
        let id = SessionId::random(&SystemEntropy);
        let mut subject = like.subject.clone();
        subject.email = email.clone();
        let its = Session { id, user_id, subject, ..like };
        SignedIn::with(&self.stores, self.channel(caller), self.secrets.clone(), its).await
    }

    /// Puts a code where the service looks for it: `123456`, with what the flow wants back.
    pub(super) async fn code(
        &self,
        purpose: Purpose,
        email: &str,
        client_id: &str,
        payload: serde_json::Value,
    ) -> Outcome<()> {
        let email = Email::parse(email).map_err(|_| "no address")?;
        let client = ClientId::parse(client_id).map_err(|_| "no client")?;
        let code = Code::parse(CODE).map_err(|_| "no code")?;
        let keys = self.secrets.code_keys().next().ok_or("no keys")?;
        let key = CodeKey { purpose, mailbox: keys.mailbox(&email), client_id: client };
        let now = SystemClock.now();
        let pending = PendingCode {
            digest: keys.code(purpose, &email, client_id, &code),
            payload: serde_json::to_vec(&payload)?,
            expires_at: now + LIFE,
        };
        Ok(self.stores.codes.put(&key, &pending, now).await?)
    }

    /// Name and secret of the service that asks about tokens and people.
    pub(super) fn service(&self) -> (String, String) {
        (SERVICE.to_owned(), self.service_secret.clone())
    }

    /// What all replicas have taken of a core.
    pub(super) fn cpu(&self) -> Outcome<Duration> {
        self.replicas.iter().map(Service::cpu).sum()
    }

    /// Prints what each replica holds at the end.
    pub(super) fn print_memory(&self) -> Outcome<()> {
        let resident = self.replicas.iter().map(|replica| replica.resident("VmRSS"));
        let mebibytes = resident.map(|kib| kib.map(|kib| (kib / 1024).to_string())).collect::<Outcome<Vec<_>>>()?;
        println!("\nNo call failed. Memory at the end: {} MiB.", mebibytes.join(", "));
        Ok(())
    }
}

/// Of everybody who was mailed one.
pub(super) const CODE: &str = "123456";
/// For everybody who chooses another one.
pub(super) const NEW_PASSWORD: &str = "eleven purple gates at dawn";
/// Of everybody.
pub(super) fn password() -> String {
    PASSWORD.to_owned()
}

/// A request with an access token.
pub(super) fn with_bearer<T>(message: T, access: &str) -> Outcome<Request<T>> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {access}").parse()?);
    Ok(request)
}
