//! One run of `deploy/servers.sh`.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

/// Servers that are ready. They end with this.
pub struct Script {
    /// Where they are.
    pub url: String,
    process: Child,
    /// Closed before the end is waited for.
    acts: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Script {
    /// Blocks until the servers are ready.
    pub fn start(kind: &str, options: &[&str]) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/servers.sh");
        let mut command = Command::new(script);
        command.arg(kind).args(options).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("deploy/servers.sh");
        let acts = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().unwrap());
        let mut script = Self { url: String::new(), process, acts, answers };
        script.url = script.line();
        assert!(!script.url.is_empty(), "{kind} did not start");
        script
    }

    /// The next line that it prints.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Has something done to a server, and returns its port.
    pub fn act(&mut self, act: &str, name: &str) -> u16 {
        writeln!(self.acts.as_ref().unwrap(), "{act} {name}").unwrap();
        let answer = self.line();
        answer.parse().expect(&answer)
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        drop(self.acts.take());
        let end = self.process.wait();
        assert!(std::thread::panicking() || end.is_ok(), "{end:?}");
    }
}
