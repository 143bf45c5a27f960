//! What Redis alone can do: `redis-benchmark` with the script of a rotation.

use std::{ffi::OsString, os::unix::ffi::OsStringExt};

use fred::{
    prelude::{Builder, ClientLike, LuaInterface},
    types::{Value, config::Config},
};
use sekisho::{
    clock::{Clock, SystemClock},
    domain::{Session, SessionId, Timestamp, session::Gate},
    storage::{Stores, sessions::SessionLimit},
};
use tokio::process::Command;

use crate::{Outcome, figures::Figures, people::session, stack::PREFIX};

/// The script, without the mark of a fence.
pub(crate) const ROTATE: &str = concat!(
    include_str!("../src/storage/redis/scripts/sessions.lua"),
    include_str!("../src/storage/redis/scripts/rotate.lua")
);
/// An argument of a command holds no zero byte, and a number of 8 bytes that a
/// session can have begins with four.
const FOUR_ZEROS: &str = "ARGV[3] = '\\0\\0\\0\\0' .. ARGV[3]\n";
const WITHOUT_ZEROS: u64 = 0x0101_0101;
/// Nobody else's.
const PERSON: u64 = 999_999;

/// A refresh token as the script is given it.
pub(crate) struct Presented<'a> {
    pub(crate) session: SessionId,
    pub(crate) gate: Gate,
    pub(crate) generation: &'a [u8],
    pub(crate) client_id: &'a str,
    pub(crate) now: Timestamp,
    /// In microseconds.
    pub(crate) grace: i64,
    pub(crate) address: &'a [u8],
}

impl Presented<'_> {
    /// As `storage/redis/sessions.rs` gives them.
    pub(crate) fn arguments(&self) -> Outcome<Vec<Value>> {
        let gate: String = hex::encode(self.gate.0);
        let raw = |bytes: &[u8]| Value::Bytes(bytes.to_vec().into());
        Ok(vec![
            raw(self.session.0.as_bytes()),
            gate.into(),
            raw(self.generation),
            raw(&postcard::to_stdvec(self.client_id)?),
            self.now.micros().to_string().into(),
            self.grace.to_string().into(),
            "2592000000000".into(),
            "604800000000".into(),
            "1".into(),
            raw(self.address),
        ])
    }
}

/// A command that can be sent again and again: its token is always the parent of
/// the current one, and there is no grace, so that it is a late retry. That
/// reads and writes what a rotation does.
pub(crate) struct Limit {
    port: String,
    command: Vec<OsString>,
}

impl Limit {
    /// Opens the session, and tries the command.
    pub(crate) async fn prepare(redis: &str, stores: &Stores) -> Outcome<Self> {
        let now = SystemClock.now();
        let mut owner = session(PERSON, 0, now)?;
        (owner.chain.parent, owner.chain.generation) = (WITHOUT_ZEROS, WITHOUT_ZEROS + 1);
        stores.sessions.open(&owner, SessionLimit::Unlimited, now).await?;

        let client = Builder::from_config(Config::from_url(redis)?).build()?;
        client.init().await?;
        let script: String = client.script_load(format!("{FOUR_ZEROS}{ROTATE}")).await?;
        let (key, arguments) = (key(&owner), arguments(&owner, now)?);
        for _ in 0..2 {
            let answer: Vec<Value> = client.evalsha(script.as_str(), key.as_slice(), arguments.clone()).await?;
            if answer.first().and_then(Value::as_bytes) != Some(b"late_retry") {
                return Err("the command cannot be sent again and again".into());
            }
        }
        client.quit().await?;

        let bytes = |value: &Value| OsString::from_vec(value.as_bytes().unwrap_or_default().to_vec());
        let mut command = vec!["evalsha".into(), script.into(), "1".into(), OsString::from_vec(key)];
        command.extend(arguments.iter().map(bytes));
        let (_, port) = redis.rsplit_once(':').ok_or("no port")?;
        Ok(Self { port: port.to_owned(), command })
    }

    /// Sends it so often, from so many connections.
    pub(crate) async fn run(&self, connections: usize, requests: u64) -> Outcome<Figures> {
        let mut command = Command::new("redis-benchmark");
        command.args(["-h", "127.0.0.1", "-p", &self.port, "--csv", "-e"]);
        command.args(["-c", &connections.to_string(), "-n", &requests.to_string()]).args(&self.command);
        let output = command.kill_on_drop(true).output().await?;
        read(&String::from_utf8_lossy(&output.stdout)).ok_or_else(|| "redis-benchmark gave no figures".into())
    }
}

fn key(owner: &Session) -> Vec<u8> {
    [PREFIX.as_bytes(), b"s:", owner.user_id.0.as_bytes()].concat()
}

fn arguments(owner: &Session, now: Timestamp) -> Outcome<Vec<Value>> {
    let presented = Presented {
        session: owner.id,
        gate: owner.salt.gate(WITHOUT_ZEROS),
        generation: &WITHOUT_ZEROS.to_be_bytes()[4..],
        client_id: owner.client_id.as_str(),
        now,
        grace: -1,
        address: &[127, 1, 1, 1],
    };
    presented.arguments()
}

/// The last line: the command, requests per second, then milliseconds: mean,
/// least, p50, p95, p99, most.
fn read(csv: &str) -> Option<Figures> {
    let mut columns = csv.trim_end().rsplit(',').map(|column| column.trim_matches('"').parse::<f64>().ok());
    let mut column = |skipped| columns.nth(skipped).flatten();
    let (p99, p50, per_second) = (column(1)?, column(1)?, column(2)?);
    Some(Figures { per_second, p50, p99, cpu: 0.0 })
}
