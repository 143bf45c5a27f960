//! Settings: from the environment, or from a TOML file with the same keys. The
//! environment wins. Every fault is reported at once, by name.

mod authz;
mod document;
mod parse;
mod reader;
mod redis;
mod settings;
#[cfg(test)]
mod tests;
mod traces;
mod transport;
mod values;
mod web;

use std::{fmt, net::SocketAddr, path::PathBuf, time::Duration};

use ipnet::IpNet;
use sekisho_interceptor::Algorithm;
use zeroize::Zeroizing;

pub use document::{markdown, print};
pub use reader::{Fault, Source};
pub use settings::{SETTINGS, Setting};
pub use traces::{Sampling, Traces};

use crate::{
    clock::{Clock, SystemClock},
    storage::{limits::Rate, redis::RedisOptions, sessions::SessionLimit, sql::Location},
    telemetry::LogFormat,
    tls::TlsFiles,
};

/// The exit code of a bad configuration (sysexits.h, EX_CONFIG).
pub const EXIT_CODE: u8 = 78;

/// How the service is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// On a developer's machine: nothing has to be configured.
    Dev,
    /// For real: development defaults are refused.
    Serve,
}

/// Bytes that nobody may see.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretBytes(pub Zeroizing<Vec<u8>>);

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretBytes(…)")
    }
}

/// Text that nobody may see, such as a URL with a password.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretText(pub Zeroizing<String>);

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(…)")
    }
}

/// A valid configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// How the service is run.
    pub mode: Mode,
    /// Where gRPC, gRPC-Web and REST are served.
    pub listen: SocketAddr,
    /// Where probes and metrics are served.
    pub ops_listen: SocketAddr,
    /// Where accounts, sessions and all else is kept.
    pub database: Location,
    /// Where what is volatile is kept, if not in the database.
    pub redis: Option<RedisOptions>,
    /// What every key is derived from.
    pub secret: SecretBytes,
    /// The one before, while it is being replaced.
    pub secret_previous: Option<SecretBytes>,
    /// How access tokens are made.
    pub tokens: Tokens,
    /// How long sessions last, and how many there may be.
    pub sessions: SessionRules,
    /// bcrypt's cost.
    pub bcrypt_cost: u32,
    /// What is asked of passwords.
    pub passwords: PasswordRules,
    /// How sign-up codes work.
    pub codes: CodeRules,
    /// How often things may be tried.
    pub limits: LimitRules,
    /// How mail leaves; `None` in development, where it is kept and printed.
    pub smtp: Option<Smtp>,
    /// What stands between a caller and the service.
    pub web: Web,
    /// How long rows of the audit log are kept; `None`: for ever.
    pub audit_retention: Option<Duration>,
    /// How the public listener serves.
    pub transport: Transport,
    /// External authorisation for proxies, if there is any.
    pub authz: Option<Authz>,
    /// Which lines are logged.
    pub log: String,
    /// How they look.
    pub log_format: LogFormat,
    /// Where traces go; `None`: there are none.
    pub traces: Option<Traces>,
}

/// How the public listener serves.
#[derive(Clone, Debug)]
pub struct Transport {
    /// Its certificate; `None`: it speaks in the clear.
    pub tls: Option<TlsFiles>,
    /// Whether callers come by TLS only, ours or that of a proxy.
    pub is_secure: bool,
    /// Connections at a time.
    pub max_connections: usize,
    /// Of a connection.
    pub max_age: Option<Duration>,
    /// For the headers of a request.
    pub header_timeout: Duration,
    /// Unary calls at a time.
    pub max_calls: usize,
    /// Of a unary call.
    pub call_timeout: Duration,
}

/// External authorisation for proxies.
#[derive(Clone, Debug)]
pub struct Authz {
    /// Where it is served.
    pub listen: SocketAddr,
    /// The file with the policies.
    pub policy: PathBuf,
    /// Whether it speaks in the clear, whatever the public listener speaks.
    pub plaintext: bool,
}

/// How access tokens are made.
#[derive(Clone, Debug)]
pub struct Tokens {
    /// The `iss` claim.
    pub issuer: String,
    /// The `aud` claim.
    pub audience: String,
    /// What signs them.
    pub algorithm: Algorithm,
    /// The key of HS256.
    pub shared_key: Option<SecretBytes>,
    /// Another one of HS256, whose tokens are good as well.
    pub shared_key_previous: Option<SecretBytes>,
    /// Their life.
    pub access_ttl: Duration,
}

impl Tokens {
    /// The keys of HS256; the first one signs.
    pub fn shared_keys(&self) -> impl Iterator<Item = &SecretBytes> {
        self.shared_key.iter().chain(&self.shared_key_previous)
    }
}

/// How long sessions last, and how many there may be.
#[derive(Clone, Copy, Debug)]
pub struct SessionRules {
    /// Unused.
    pub idle: Duration,
    /// However much they are used.
    pub max_age: Duration,
    /// How long a spent refresh token is answered with the same successor.
    pub grace: Duration,
    /// Whether a session ends when another client presents its token.
    pub end_on_client_mismatch: bool,
    /// How many a person may have.
    pub limit: SessionLimit,
}

/// The rates that can be set.
#[derive(Clone, Copy, Debug)]
pub struct LimitRules {
    /// Failed logins per account.
    pub login: Rate,
    /// Mails per address.
    pub code: Rate,
    /// Failed logins and guesses of codes per network.
    pub guess_network: Rate,
    /// Mails per network.
    pub code_network: Rate,
    /// Failed logins, guesses and mails per client.
    pub client: Rate,
    /// Mails in all.
    pub mail: Rate,
}

/// What is asked of a password that is chosen.
#[derive(Clone, Copy, Debug)]
pub struct PasswordRules {
    /// In code points.
    pub min_length: usize,
    /// Classes of characters that have to be in it.
    pub classes: usize,
    /// Last passwords, the present one among them, that it must not be.
    pub history: usize,
}

/// How one-time codes work.
#[derive(Clone, Copy, Debug)]
pub struct CodeRules {
    /// Their life.
    pub ttl: Duration,
    /// Guesses per code.
    pub attempts: u32,
    /// Whether a sign-up says that an address is taken.
    pub disclose_taken: bool,
}

/// How mail leaves.
#[derive(Clone, Debug)]
pub struct Smtp {
    /// `smtp://` or `smtps://`.
    pub url: SecretText,
    /// The sender.
    pub from: String,
}

/// What stands between a caller and the service: browsers and proxies.
#[derive(Clone, Debug)]
pub struct Web {
    /// Origins that browsers may call from, as they write them.
    pub allowed_origins: Vec<String>,
    /// Networks of proxies that are believed in who calls through them.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether a browser may have its refresh token as a cookie.
    pub refresh_cookie: bool,
}

impl Config {
    /// Reads everything, with the files that settings name, or says everything that is
    /// wrong.
    pub fn read(mode: Mode, source: &Source) -> Result<Self, Vec<Fault>> {
        // Only to know a certificate that has expired.
        parse::config(mode, source, SystemClock.now())
    }
}
