//! The composition root: from a configuration to a service that answers.

mod authz;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::middleware;
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tonic::service::Routes;
use tonic_health::server::HealthReporter;
use tower::BoxError;

use self::authz::AuthzServer;
pub use crate::world::World;
use crate::{
    audit::Sealer,
    config::{Config, Mode, Transport},
    crypto::{Hasher, Keyring, Passwords, Secrets},
    ctx::{Ctx, Rules},
    domain::{PasswordPolicy, password::ContextWords},
    ext_authz::ExtAuthz,
    feed::{Feed, Follower, MAX_SUBSCRIBERS},
    grpc::{self, Bounds},
    jobs,
    mail::{Mailer, console::Console, mailbox::DevMailbox, queue::MailQueue, smtp::Smtp},
    ops::{self, Ops, Readiness},
    server::{self, Limits, Manner},
    storage::sql::{FileLock, SqlStore},
    stores::OpenStores,
    surface,
    telemetry::Metrics,
    tls::Tls,
};

/// For calls in flight when the service stops.
const DRAIN: Duration = Duration::from_secs(25);
const OPS_DRAIN: Duration = Duration::from_secs(1);
/// Of probes and scrapers.
const OPS_CONNECTIONS: usize = 256;
/// For mails in flight, after that.
const MAIL_DRAIN: Duration = Duration::from_secs(5);
/// For the last events, after that.
const SEALING: Duration = Duration::from_secs(4);
const MAIL_QUEUE: usize = 1_000;
const MAIL_WORKERS: usize = 4;

/// A service that answers.
pub struct App {
    /// Where gRPC, gRPC-Web and REST are served.
    pub listen: SocketAddr,
    /// Where probes and metrics are served.
    pub ops_listen: SocketAddr,
    /// Where proxies are answered, if they are.
    pub authz_listen: Option<SocketAddr>,
    /// What answers them.
    pub ext_authz: Option<Arc<ExtAuthz>>,
    /// The service without its surfaces.
    pub ctx: Arc<Ctx>,
    /// The certificate of the public listener, if it has one.
    pub tls: Option<Arc<Tls>>,
    accepting: Arc<AtomicBool>,
    health: HealthReporter,
    stop: CancellationToken,
    stop_ops: CancellationToken,
    work: TaskTracker,
    servers: [JoinHandle<()>; 2],
    authz: Option<AuthzServer>,
    stores: OpenStores,
    _lock: Option<FileLock>,
}

impl App {
    /// Opens the stores, checks that they are migrated (in development:
    /// migrates them), loads the keys, and listens.
    pub async fn start(config: &Config, world: World) -> Result<Self, BoxError> {
        let metrics = Arc::new(Metrics::default());
        let lock = FileLock::take(&config.database)?;
        let stores = OpenStores::open(config, &world, &metrics).await?;
        let mailbox = (config.mode == Mode::Dev).then(|| Arc::new(dev_mailbox(&world)));
        let ctx = Arc::new(context(config, &world, &stores, metrics, mailbox.clone())?);
        ctx.keyring.prepare().await?;
        stores.mend(&ctx).await?;
        ctx.follower.catch_up().await?;

        let work = TaskTracker::new();
        let (health, extra) = extra_services(config).await?;
        let Transport { max_calls: calls, call_timeout: time, .. } = config.transport;
        let counts = grpc::call_counts(&ctx.metrics)?;
        let by_certificate = config.transport.tls.as_ref().is_some_and(|files| files.client_ca.is_some());
        let rpcs = grpc::rpcs(&ctx, &work, Bounds { calls, time }, counts.clone(), extra, by_certificate)?;
        let public = surface::public(rpcs, counts, world.entropy.clone(), config)?;
        let accepting = Arc::new(AtomicBool::new(true));
        let readiness = Arc::new(Readiness::new(stores.probes(), world.clock.clone(), ctx.metrics.clone()));
        let operations =
            ops::router(Ops { accepting: accepting.clone(), readiness: readiness.clone(), ctx: ctx.clone(), mailbox });

        let listener = TcpListener::bind(config.listen).await?;
        let ops_listener = TcpListener::bind(config.ops_listen).await?;
        let (listen, ops_listen) = (listener.local_addr()?, ops_listener.local_addr()?);
        let (stop, stop_ops) = (CancellationToken::new(), CancellationToken::new());
        let tls = tls(config, &world, &ctx)?;
        let (manner, ops_manner) = (public_manner(config, &world, &ctx, &tls), operations_manner(&world, &ctx));
        // Nobody is served by what may yet fail to start.
        let authz = AuthzServer::start(config, &world, &ctx, &tls, &stop).await?;
        let servers = [
            tokio::spawn(server::serve(listener, public, manner, stop.clone(), DRAIN)),
            tokio::spawn(server::serve(ops_listener, operations, ops_manner, stop_ops.clone(), OPS_DRAIN)),
        ];
        jobs::start(&ctx, &stores, &work, &stop);
        jobs::watch_stores(readiness, &work, &stop);
        if let Some(tls) = &tls {
            jobs::follow_certificate(tls.clone(), &work, &stop);
        }
        if let Some(authz) = &authz {
            jobs::follow_policy(authz.ext_authz.clone(), &work, &stop);
        }
        Ok(Self {
            listen,
            ops_listen,
            authz_listen: authz.as_ref().map(|authz| authz.listen),
            ext_authz: authz.as_ref().map(|authz| authz.ext_authz.clone()),
            ctx,
            tls,
            accepting,
            health,
            stop,
            stop_ops,
            work,
            servers,
            authz,
            stores,
            _lock: lock,
        })
    }

    /// Stops taking calls, finishes those in flight, seals what they wrote, and closes the stores. The
    /// probes answer to the end.
    pub async fn stop(self) {
        self.accepting.store(false, Ordering::SeqCst);
        for service in grpc::SERVICES.into_iter().chain([""]) {
            self.health.set_service_status(service, tonic_health::ServingStatus::NotServing).await;
        }
        if let Some(authz) = &self.authz {
            authz.retire().await;
        }
        self.ctx.feed.close();
        self.stop.cancel();
        let [public, operations] = self.servers;
        log_end("the public listener", public.await);
        if let Some(authz) = self.authz {
            log_end("the listener of external authorisation", authz.server.await);
        }
        self.work.close();
        if tokio::time::timeout(DRAIN, self.work.wait()).await.is_err() {
            tracing::warn!("flows were cut at the end of the grace");
        }
        self.ctx.mail.close(MAIL_DRAIN).await;
        let sealer = Sealer::of(&self.ctx);
        match tokio::time::timeout(SEALING, sealer.round()).await {
            Ok(Ok(_)) => (),
            Ok(Err(error)) => tracing::warn!(%error, "the last events are sealed by the next start"),
            Err(_) => tracing::warn!("the last events are sealed by the next start: there was no time"),
        }
        self.stop_ops.cancel();
        log_end("the operations listener", operations.await);
        self.stores.close().await;
    }
}

/// The certificate of a configuration.
fn tls(config: &Config, world: &World, ctx: &Ctx) -> Result<Option<Arc<Tls>>, BoxError> {
    let Some(files) = &config.transport.tls else { return Ok(None) };
    let tls = Tls::load(files, world.clock.clone(), ctx.metrics.clone());
    Ok(Some(Arc::new(tls.map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?)))
}

fn public_manner(config: &Config, world: &World, ctx: &Ctx, tls: &Option<Arc<Tls>>) -> Manner {
    let Transport { max_connections: connections, max_age: age, header_timeout: headers, .. } = config.transport;
    Manner {
        name: "public",
        limits: Limits { connections, age, headers, ..Limits::default() },
        tls: tls.clone(),
        entropy: world.entropy.clone(),
        metrics: ctx.metrics.clone(),
    }
}

fn operations_manner(world: &World, ctx: &Ctx) -> Manner {
    Manner {
        name: "operations",
        limits: Limits { connections: OPS_CONNECTIONS, ..Limits::default() },
        tls: None,
        entropy: world.entropy.clone(),
        metrics: ctx.metrics.clone(),
    }
}

fn log_end(what: &str, end: Result<(), tokio::task::JoinError>) {
    if let Err(error) = end {
        tracing::error!(%error, "{what} failed");
    }
}

/// The keyring of a configuration, not yet loaded.
pub fn keyring(config: &Config, world: &World, store: &Arc<SqlStore>) -> Result<Keyring, BoxError> {
    Ok(Keyring::new(
        store.clone(),
        Arc::new(secrets(config)?),
        world.entropy.clone(),
        world.clock.clone(),
        config.tokens.algorithm,
        config.tokens.shared_keys().map(|key| key.0.as_slice()),
    )?)
}

/// The keys that are derived from the secret of a configuration.
pub fn secrets(config: &Config) -> Result<Secrets, BoxError> {
    let previous = config.secret_previous.as_ref().map(|secret| secret.0.as_slice());
    Ok(Secrets::derive(&config.secret.0, previous).map_err(|_| "no keys could be derived")?)
}

fn context(
    config: &Config,
    world: &World,
    stores: &OpenStores,
    metrics: Arc<Metrics>,
    mailbox: Option<Arc<DevMailbox>>,
) -> Result<Ctx, BoxError> {
    let secrets = Arc::new(secrets(config)?);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let hasher = Arc::new(Hasher::start(threads, metrics.clone())?);
    let passwords = Passwords::new(hasher, secrets.clone(), world.entropy.clone(), config.bcrypt_cost)?;
    let mailer = mailer(config, mailbox)?;
    let keyring = Arc::new(keyring(config, world, &stores.sql)?);
    let feed = Arc::new(Feed::new(world.clock.clone(), keyring.clone(), metrics.clone(), MAX_SUBSCRIBERS));
    Ok(Ctx {
        stores: stores.by_purpose(),
        follower: Arc::new(Follower::new(feed.clone(), stores.sql.clone(), world.entropy.clone())),
        feed,
        clock: world.clock.clone(),
        entropy: world.entropy.clone(),
        keyring,
        secrets,
        passwords,
        mail: MailQueue::start(mailer.clone(), MAIL_QUEUE, MAIL_WORKERS),
        mailer,
        notices: Notify::new(),
        metrics,
        rules: Rules {
            issuer: config.tokens.issuer.clone(),
            audience: config.tokens.audience.clone(),
            development: config.mode == Mode::Dev,
            access_ttl: config.tokens.access_ttl,
            sessions: config.sessions,
            codes: config.codes,
            limits: config.limits,
            passwords: password_policy(config),
            audit_retention: config.audit_retention,
        },
    })
}

fn password_policy(config: &Config) -> PasswordPolicy {
    let host = config.tokens.issuer.parse::<http::Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
    let rules = config.passwords;
    PasswordPolicy {
        min_length: rules.min_length,
        classes: rules.classes,
        history: rules.history,
        words: ContextWords::of(env!("CARGO_PKG_NAME")).and(host.as_deref().unwrap_or_default()),
    }
}

/// In development mails are kept and printed, and leave only if SMTP is set.
fn mailer(config: &Config, mailbox: Option<Arc<DevMailbox>>) -> Result<Arc<dyn Mailer>, BoxError> {
    let smtp = config.smtp.as_ref().map(|smtp| Smtp::from_url(&smtp.url.0, &smtp.from)).transpose()?;
    match (smtp, mailbox) {
        (Some(smtp), None) => Ok(Arc::new(smtp)),
        (Some(smtp), Some(mailbox)) => Ok(Arc::new((smtp, (Console, mailbox)))),
        (None, Some(mailbox)) => Ok(Arc::new((Console, mailbox))),
        (None, None) => Err("mail has nowhere to go".into()),
    }
}

fn dev_mailbox(world: &World) -> DevMailbox {
    let clock = world.clock.clone();
    DevMailbox::new(Arc::new(move || clock.now().to_string()))
}

/// Health everywhere; reflection in development.
async fn extra_services(config: &Config) -> Result<(HealthReporter, Routes), BoxError> {
    let (health, service) = tonic_health::server::health_reporter();
    for name in grpc::SERVICES {
        health.set_service_status(name, tonic_health::ServingStatus::Serving).await;
    }
    let mut routes = Routes::new(service);
    if config.mode == Mode::Dev {
        let reflection = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(crate::proto::DESCRIPTORS)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        routes = routes.add_service(reflection().build_v1()?).add_service(reflection().build_v1alpha()?);
    }
    let routes = routes.prepare().into_axum_router().layer(middleware::from_fn(server::end_with_connection));
    Ok((health, routes.into()))
}
