//! The service on its stores, and the same stores opened here, where sessions
//! can be made without the cost of a login.

use std::{path::Path, process::Command, sync::Arc};

use sekisho::{
    app::World,
    config::{Config, Mode, Source},
    crypto::Secrets,
    storage::Stores,
    stores::OpenStores,
};

use crate::{
    Outcome,
    servers::{Service, built},
};

/// What the names of all keys begin with.
pub(crate) const PREFIX: &str = "sekisho:";
pub(crate) const ISSUER: &str = "https://auth.example.com";
pub(crate) const AUDIENCE: &str = "example";
/// 32 bytes in base64; of these runs only.
const SECRET: &str = "bG9hZC1sb2FkLWxvYWQtbG9hZC1sb2FkLWxvYWQtMDE=";

/// Settings that choose stores.
#[derive(Clone)]
pub(crate) struct Stack(Vec<(&'static str, String)>);

const LIMITS: [&str; 6] = [
    "SEKISHO_LIMIT_LOGIN",
    "SEKISHO_LIMIT_CODE",
    "SEKISHO_LIMIT_GUESS_NETWORK",
    "SEKISHO_LIMIT_CODE_NETWORK",
    "SEKISHO_LIMIT_CLIENT",
    "SEKISHO_LIMIT_MAIL",
];

impl Stack {
    /// On that database.
    pub(crate) fn on(database: &str) -> Self {
        Self(vec![
            ("SEKISHO_DATABASE_URL", database.to_owned()),
            ("SEKISHO_SECRET", SECRET.to_owned()),
            ("SEKISHO_LISTEN", "127.0.0.1:0".to_owned()),
            ("SEKISHO_OPS_LISTEN", "127.0.0.1:0".to_owned()),
            ("SEKISHO_ISSUER", ISSUER.to_owned()),
            ("SEKISHO_AUDIENCE", AUDIENCE.to_owned()),
            ("SEKISHO_MAIL_FROM", "no-reply@example.com".to_owned()),
            // The port of discard: nobody listens.
            ("SEKISHO_SMTP_URL", "smtp://127.0.0.1:9".to_owned()),
            ("SEKISHO_TLS_TERMINATED", "true".to_owned()),
        ])
    }

    /// On a SQLite file in that folder.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self::on(&format!("sqlite://{}", folder.join("sekisho.db").display()))
    }

    /// And on that Redis.
    pub(crate) fn and(mut self, redis: &str, prefix: &str) -> Self {
        self.0.push(("SEKISHO_REDIS_URL", redis.to_owned()));
        self.0.push(("SEKISHO_REDIS_PREFIX", prefix.to_owned()));
        self
    }

    /// And with that setting.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.0.push((name, value.to_owned()));
        self
    }

    /// But so that nobody meets a limit.
    pub(crate) fn unlimited(self) -> Self {
        LIMITS.into_iter().fold(self, |stack, limit| stack.with(limit, "100000/1"))
    }

    /// But with the default of that one.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(set, _)| *set != name);
        self
    }

    /// All settings, with their defaults.
    pub(crate) fn config(&self) -> Outcome<Config> {
        let config = Config::read(Mode::Dev, &Source::from_pairs(self.0.clone()));
        Ok(config.map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?)
    }

    /// The stores, migrated and ready.
    pub(crate) async fn open(&self) -> Outcome<Stores> {
        let config = self.config()?;
        let stores = OpenStores::open(&config, &World::default(), &Arc::default()).await?;
        if let Some(redis) = &stores.redis {
            redis.mend().await?;
        }
        Ok(stores.by_purpose())
    }

    /// What a command of the release binary prints.
    pub(crate) fn command(&self, arguments: &[&str]) -> Outcome<String> {
        let mut command = Command::new(built("sekisho")?);
        let output = command.args(arguments).env_clear().envs(self.0.iter().cloned()).output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
        }
        Ok(String::from_utf8(output.stdout)?.trim_end().to_owned())
    }

    /// The release binary, as `serve`; its log goes into a file.
    pub(crate) fn serve(&self, log: &Path) -> Outcome<Service> {
        self.run("serve", log, Path::new("."))
    }

    /// The same as `dev`, in a folder: mails are kept in memory, and passwords may be cheap.
    pub(crate) fn dev(&self, folder: &Path) -> Outcome<Service> {
        self.run("dev", &folder.join("server.log"), folder)
    }

    fn run(&self, mode: &str, log: &Path, folder: &Path) -> Outcome<Service> {
        let mut command = Command::new(built("sekisho")?);
        command
            .arg(mode)
            .current_dir(folder)
            .env_clear()
            .envs(self.0.iter().cloned())
            .stderr(std::fs::File::create(log)?);
        Service::start(command)
    }
}

/// What refresh tokens are made with.
pub(crate) fn secrets() -> Outcome<Secrets> {
    use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
    Ok(Secrets::derive(&BASE64.decode(SECRET)?, None).map_err(|_| "no keys could be derived")?)
}
