//! Servers of one test, which may break them.

use std::sync::{Arc, Mutex};

use tokio::process::Command;

use super::script::Script;

/// Servers of one test. Each has a name: `postgres`, `redis` and `redis-tls` if
/// it is alone; `primary`, `replica1`, `replica2`, `sentinel1` … `sentinel3`;
/// `node1` … `node6`. They end with this.
pub struct Owned {
    /// Where they are.
    pub url: String,
    script: Arc<Mutex<Script>>,
}

impl Owned {
    /// Starts what `deploy/servers.sh` calls so, with options of the server.
    pub async fn start(kind: &'static str, options: &'static [&'static str]) -> Self {
        let script = blocking(move || Script::start(kind, options)).await;
        Self { url: script.url.clone(), script: Arc::new(Mutex::new(script)) }
    }

    /// Redis with TLS and a user, and the file of its CA.
    pub async fn redis_tls() -> (Self, String) {
        let owned = Self::start("redis-tls", &[]).await;
        let authority = owned.script.lock().unwrap().line();
        (owned, authority)
    }

    /// Kills a server with all its processes, as a power cut would.
    pub async fn kill(&self, name: &'static str) {
        self.act("kill", name).await;
    }

    /// Starts a server that was killed, on the same port and data.
    pub async fn start_again(&self, name: &'static str) {
        self.act("start", name).await;
    }

    /// Stops all processes of a server where they are.
    pub async fn freeze(&self, name: &'static str) {
        self.act("freeze", name).await;
    }

    /// Lets a frozen server go on.
    pub async fn thaw(&self, name: &'static str) {
        self.act("thaw", name).await;
    }

    /// The port of a server.
    pub async fn port(&self, name: &'static str) -> u16 {
        self.act("port", name).await
    }

    /// What a Redis or a sentinel answers to a command.
    pub async fn redis_cli(&self, name: &'static str, command: &[&str]) -> String {
        let port = self.port(name).await.to_string();
        // A frozen server would never answer.
        let output =
            Command::new("timeout").args(["5", "redis-cli", "-p", &port]).args(command).output().await.unwrap();
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    async fn act(&self, act: &'static str, name: &'static str) -> u16 {
        let script = self.script.clone();
        blocking(move || script.lock().unwrap().act(act, name)).await
    }
}

/// The script answers when it is done.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}
