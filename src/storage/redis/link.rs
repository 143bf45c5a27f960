//! The connection, and calls through it: each with a deadline, none sent twice,
//! none waiting for a server that is away.

use std::{pin::Pin, time::Duration};

use fred::{
    clients::{Client, WithOptions},
    error::{Error, ErrorKind},
    prelude::{ClientLike, LuaInterface},
    types::{
        Builder, Value,
        config::{Options, ReconnectPolicy, UnresponsiveConfig},
    },
};

use super::{
    RedisUrl,
    script::Script,
    silence::{Silence, Silences},
};
use crate::storage::{Result, StoreError};

/// Commands that wait for their answer; one more is refused.
const MAX_WAITING: usize = 10_000;
const CONNECT: Duration = Duration::from_secs(1);
/// A connection that owes an answer for so long is given up; where a call may wait longer, for
/// that long.
const UNRESPONSIVE: Duration = Duration::from_millis(500);
const LOOK: Duration = Duration::from_millis(100);
/// The client's own deadline comes first: a command that it gives up is never sent.
const LEEWAY: Duration = Duration::from_millis(20);
/// Between attempts to connect, in milliseconds.
const FIRST_PAUSE: u32 = 50;
const LONGEST_PAUSE: u32 = 1_000;

/// Why a script gave no answer.
pub(super) enum Failure {
    /// The server does not know it: it was started, promoted or flushed since.
    NoScript,
    /// It may or may not have run.
    Store(StoreError),
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NoScript => Self::Unavailable("another server has taken over".into()),
            Failure::Store(error) => error,
        }
    }
}

/// A command on its way. On the heap: the client's futures take some 7 KB, which
/// every future around them would take twice.
type Command<'a, T> = Pin<Box<dyn Future<Output = std::result::Result<T, Error>> + Send + 'a>>;

/// A connection that mends itself.
pub(super) struct Link {
    client: Client,
    /// For scripts: with a deadline, sent once.
    bounded: WithOptions<Client>,
    deadline: Duration,
    prefix: String,
    scope: String,
    silences: Silences,
}

impl Link {
    /// Starts to connect, and does not wait for it.
    pub(super) fn start(url: &RedisUrl, prefix: &str, deadline: Duration) -> Result<Self> {
        let mut config = url.config().ok_or_else(|| corrupt("the URL"))?;
        config.fail_fast = false;
        let patience = UNRESPONSIVE.max(deadline);
        let scope = format!("{prefix}{}", config.database.unwrap_or(0));
        let client = Builder::from_config(config)
            .with_connection_config(|connection| {
                connection.connection_timeout = CONNECT.max(deadline);
                connection.internal_command_timeout = CONNECT.max(deadline);
                connection.max_command_attempts = 1;
                connection.max_command_buffer_len = MAX_WAITING;
                connection.tcp.nodelay = Some(true);
                connection.unresponsive = UnresponsiveConfig { max_timeout: Some(patience), interval: LOOK };
            })
            .set_policy(ReconnectPolicy::new_exponential(0, FIRST_PAUSE, LONGEST_PAUSE, 2))
            .build()
            .map_err(unavailable)?;
        client.connect();
        let options = Options { max_attempts: Some(1), timeout: Some(deadline), fail_fast: true, ..Options::default() };
        let bounded = client.with_options(&options);
        Ok(Self { client, bounded, deadline, prefix: prefix.to_owned(), scope, silences: Silences::default() })
    }

    /// Waits a little for the connection.
    pub(super) async fn connected(&self) -> Result<()> {
        tokio::time::timeout(CONNECT.max(self.deadline), self.client.wait_for_connect())
            .await
            .map_err(late)?
            .map_err(unavailable)
    }

    /// For commands that are not scripts: with no deadline but the caller's.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// What tells this deployment from others on the same server.
    pub(super) fn scope(&self) -> &str {
        &self.scope
    }

    /// How long a call may take.
    pub(super) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// The name of a key.
    pub(super) fn key(&self, kind: &str, name: &[u8]) -> Vec<u8> {
        [self.prefix.as_bytes(), kind.as_bytes(), name].concat()
    }

    /// Runs a script by its hash.
    pub(super) async fn call(
        &self,
        script: &Script,
        key: &[u8],
        args: Vec<Value>,
    ) -> std::result::Result<Value, Failure> {
        let silence = self.silences.of(key);
        let command = Box::pin(self.bounded.evalsha(script.sha.as_str(), key, args));
        self.in_time(silence, command).await.map_err(|error| {
            if error.details().starts_with("NOSCRIPT") { Failure::NoScript } else { Failure::Store(unavailable(error)) }
        })
    }

    /// Runs a script by its hash, or by its text if the server does not know it.
    pub(super) async fn run(&self, script: &Script, key: &[u8], args: Vec<Value>) -> Result<Value> {
        match self.call(script, key, args.clone()).await {
            Ok(answer) => Ok(answer),
            Err(Failure::Store(error)) => Err(error),
            Err(Failure::NoScript) => {
                let silence = self.silences.of(key);
                let command = Box::pin(self.bounded.eval(script.text.as_str(), key, args));
                self.in_time(silence, command).await.map_err(unavailable)
            }
        }
    }

    /// A call that a server which is away does not hold up. The client's own
    /// deadline does not cover a connection that is being made anew.
    async fn in_time<T>(&self, silence: &Silence, command: Command<'_, T>) -> std::result::Result<T, Error> {
        if !self.client.is_clustered() && !self.client.is_connected() {
            return Err(Error::new(ErrorKind::IO, "not connected"));
        }
        let late = |_| Err(Error::new(ErrorKind::Timeout, "no answer in time"));
        let answer = tokio::time::timeout(self.deadline() + LEEWAY, command).await.unwrap_or_else(late);
        match &answer {
            Err(error) if *error.kind() == ErrorKind::Timeout => self.heard_nothing(silence),
            _ => silence.broken(),
        }
        answer
    }

    /// A call about a key, in time.
    pub(super) async fn about<T>(
        &self,
        key: &[u8],
        call: impl Future<Output = std::result::Result<T, Error>> + Send,
    ) -> std::result::Result<T, Error> {
        self.in_time(self.silences.of(key), Box::pin(call)).await
    }

    fn heard_nothing(&self, silence: &Silence) {
        if silence.has_lasted(UNRESPONSIVE.max(self.deadline)) {
            tracing::warn!("Redis says nothing: the connection is made anew");
            let client = self.client.clone();
            tokio::spawn(async move { client.force_reconnection().await });
        }
    }

    /// Makes a script known to every primary.
    pub(super) async fn load(&self, script: &Script) -> Result<()> {
        let load = self.client.script_load_cluster::<Value, _>(script.text.as_str());
        tokio::time::timeout(CONNECT.max(self.deadline), load).await.map_err(late)?.map_err(unavailable).map(drop)
    }

    /// Whether the server answers.
    pub(super) async fn ping(&self) -> Result<()> {
        self.about(b"", self.bounded.ping::<Value>(None)).await.map_err(unavailable).map(drop)
    }

    /// Ends the connection.
    pub(super) async fn close(&self) {
        if tokio::time::timeout(CONNECT, self.client.quit()).await.is_err() {
            tracing::debug!("Redis did not say goodbye");
        }
    }
}

/// An answer that took too long.
pub(super) fn late(error: tokio::time::error::Elapsed) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

pub(super) fn unavailable(error: Error) -> StoreError {
    match error.kind() {
        ErrorKind::Parse | ErrorKind::Protocol => StoreError::Corrupt(error.to_string()),
        _ => StoreError::Unavailable(Box::new(error)),
    }
}

/// An answer that does not hold what it should. Names it, and never shows it.
pub(super) fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(format!("redis: {what}"))
}
