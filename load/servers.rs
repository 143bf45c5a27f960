//! Processes of this run. They end with what holds them.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use crate::Outcome;

/// Of a second, in /proc.
const TICKS: u32 = 100;

/// What `deploy/servers.sh` started.
pub(crate) struct Servers {
    /// Where it is.
    pub(crate) url: String,
    script: Child,
}

impl Servers {
    /// Starts a kind of server, with options of its own.
    pub(crate) fn start(kind: &str, options: &[&str]) -> Outcome<Self> {
        let mut command = Command::new(folder().join("../deploy/servers.sh"));
        command.arg(kind).args(options).stdin(Stdio::piped());
        let (script, url) = started(command)?;
        Ok(Self { url, script })
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        // It ends, with its servers, when its input does.
        drop(self.script.stdin.take());
        let _ = self.script.wait();
    }
}

/// A service that says where it listens.
pub(crate) struct Service {
    /// `http://` and its address.
    pub(crate) url: String,
    /// The same for its operations; empty where it has none.
    pub(crate) ops: String,
    process: Child,
}

impl Service {
    /// Starts it and waits for its ready line.
    pub(crate) fn start(command: Command) -> Outcome<Self> {
        let (process, line) = started(command)?;
        let ready: serde_json::Value = serde_json::from_str(&line)?;
        let address = ready["listen"].as_str().ok_or("no address")?;
        let ops = ready["ops"].as_str().map(|address| format!("http://{address}")).unwrap_or_default();
        Ok(Self { url: format!("http://{address}"), ops, process })
    }

    /// The time of a core that it has taken so far.
    pub(crate) fn cpu(&self) -> Outcome<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // After the name of the program, which may hold anything; see proc(5).
        let (_, fields) = stat.rsplit_once(')').ok_or("no name")?;
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
        Ok(Duration::from_secs(ticks) / TICKS)
    }

    /// Kibibytes of memory, by a name of proc(5): now `VmRSS`, at most so far `VmHWM`.
    pub(crate) fn resident(&self, name: &str) -> Outcome<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).ok_or("no such line")?;
        Ok(line.trim().trim_end_matches(" kB").parse()?)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The process, and the first line that it prints.
fn started(mut command: Command) -> Outcome<(Child, String)> {
    let mut process = command.stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    if let Some(stdout) = &mut process.stdout {
        BufReader::new(stdout).read_line(&mut line)?;
    }
    if line.is_empty() {
        let end = process.wait()?;
        return Err(format!("{} did not start: {end}", command.get_program().display()).into());
    }
    Ok((process, line.trim_end().to_owned()))
}

/// The folder of this file.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("load")
}

/// A binary that was built beside this one.
pub(crate) fn built(name: &str) -> Outcome<PathBuf> {
    let this = std::env::current_exe()?;
    let target = this.parent().and_then(Path::parent).ok_or("no target folder")?;
    Ok(target.join(name))
}
