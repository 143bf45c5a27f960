//! Processes on one store, each on a port that it keeps.

use std::net::{Ipv4Addr, SocketAddr};

use rustix::process::Signal;
use tempfile::TempDir;
use tokio::process::Command;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint};

use super::{Progress, Setting, Settings};
use crate::support::{
    postgres::free_port,
    process::{Service, binary, run_binary, serve_settings},
    stack::Stack,
};

const REPLICAS: usize = 3;
/// Between two restarts.
const ACTS: usize = 16;

/// See the module.
pub struct Replicas {
    folder: TempDir,
    settings: Settings,
    /// The binary that commands are given to.
    commands: String,
    ports: Vec<u16>,
    running: Vec<Option<Service>>,
    /// Where they speak TLS: how their clients do.
    tls: Option<ClientTlsConfig>,
}

impl Replicas {
    /// As many as there are, of this release.
    pub async fn start(stack: Stack, settings: Settings) -> Self {
        Self::prepare(stack, settings).await.started().await
    }

    /// All of them, of this release.
    pub async fn started(mut self) -> Self {
        for which in 0..REPLICAS {
            self.run(which, binary(), &[]).await;
        }
        self
    }

    /// None yet.
    pub async fn prepare(stack: Stack, settings: Settings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut all = serve_settings(folder.path());
        all.extend(stack.settings(folder.path()).await);
        all.extend(roomy());
        all.extend(settings);
        let ports = (0..REPLICAS).map(|_| free_port()).collect();
        let running = std::iter::repeat_with(|| None).take(REPLICAS).collect();
        Self { folder, settings: all, commands: binary().to_owned(), ports, running, tls: None }
    }

    /// The same, where clients trust these authorities, in PEM.
    pub fn trusted_by(mut self, authorities: impl IntoIterator<Item = String>) -> Self {
        let authorities = authorities.into_iter().map(Certificate::from_pem);
        self.tls = Some(ClientTlsConfig::new().ca_certificates(authorities).domain_name("localhost"));
        self
    }

    /// Where they listen, also those that do not run.
    pub fn listeners(&self) -> impl Iterator<Item = SocketAddr> {
        self.ports.iter().map(|port| (Ipv4Addr::LOCALHOST, *port).into())
    }

    /// How they are reached.
    pub fn endpoints(&self) -> Vec<Endpoint> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let endpoint = |listener| Endpoint::from_shared(format!("{scheme}://{listener}")).unwrap();
        let endpoints = self.listeners().map(endpoint);
        endpoints
            .map(|endpoint| self.tls.iter().cloned().fold(endpoint, |all, tls| all.tls_config(tls).unwrap()))
            .collect()
    }

    /// Changes settings, for those that start from now on.
    pub fn set(&mut self, settings: impl IntoIterator<Item = (&'static str, String)>) {
        self.settings.extend(settings);
    }

    /// Unsets one, for those that start from now on.
    pub fn unset(&mut self, name: &str) {
        self.settings.retain(|(set, _)| *set != name);
    }

    /// Stops each as an orchestrator does and starts it again before the next, while people
    /// go on.
    pub async fn roll(&mut self, progress: &Progress) {
        self.roll_to(binary(), progress).await;
    }

    /// The same with another binary.
    pub async fn roll_to(&mut self, binary: &str, progress: &Progress) {
        for which in 0..REPLICAS {
            progress.acts(ACTS).await;
            self.stop(which).await;
            progress.acts(ACTS).await;
            self.run(which, binary, &[]).await;
        }
        progress.acts(ACTS).await;
    }

    /// Stops one, which has time to finish what it does.
    pub async fn stop(&mut self, which: usize) {
        let service = self.running[which].take().expect("one that runs");
        service.signal(Signal::TERM);
        let ended = service.ended().await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert!(!ended.stderr.contains("were cut"), "{}", ended.stderr);
    }

    /// Starts one, with settings of its own.
    pub async fn run(&mut self, which: usize, binary: &str, settings: &[Setting]) {
        let mut all = self.settings.clone();
        all.push(("SEKISHO_LISTEN", format!("127.0.0.1:{}", self.ports[which])));
        all.extend_from_slice(settings);
        let mut command = Command::new(binary);
        command.arg("serve");
        let service = Service::spawn(command, self.folder.path(), &all).await;
        service.is_ready().await;
        self.running[which] = Some(service);
    }

    /// From now on commands are those of another release.
    pub fn give_commands_to(&mut self, binary: &str) {
        binary.clone_into(&mut self.commands);
    }

    /// Runs a command beside them.
    pub async fn command(&self, arguments: &[&str]) -> String {
        self.command_of(&self.commands, arguments).await
    }

    /// The same of another binary.
    pub async fn command_of(&self, binary: &str, arguments: &[&str]) -> String {
        let ended = run_binary(binary, self.folder.path(), arguments, &self.settings).await;
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.stderr);
        ended.stdout.trim().to_owned()
    }

    /// Runs a command that finds something wrong; what it says.
    pub async fn fails(&self, arguments: &[&str]) -> String {
        let ended = run_binary(binary(), self.folder.path(), arguments, &self.settings).await;
        assert_eq!(ended.code, Some(1), "{arguments:?}: {}", ended.stdout);
        ended.stdout + &ended.stderr
    }

    /// What a setting is.
    pub fn setting(&self, name: &str) -> Option<&str> {
        let mut set = self.settings.iter().rev().filter(|(set, _)| *set == name);
        set.next().map(|(_, value)| value.as_str())
    }

    /// Makes an account for a service that follows the feed; its secret.
    pub async fn make_service(&self, name: &str) -> String {
        self.command(&["service", "create", name, "--scope", "revocations:read"]).await
    }
}

/// Nobody here meets a limit: what they do in a minute is what others do in a year. And what
/// they hold outlives the test, on a machine that is busy.
fn roomy() -> Settings {
    let names = ["SEKISHO_LIMIT_LOGIN", "SEKISHO_LIMIT_CODE", "SEKISHO_LIMIT_CLIENT", "SEKISHO_LIMIT_MAIL"];
    let lives = [("SEKISHO_ACCESS_TTL", "3600"), ("SEKISHO_REFRESH_GRACE", "300"), ("SEKISHO_CALL_TIMEOUT", "300")];
    let limits = names.map(|name| (name, "100000/300"));
    limits.into_iter().chain(lives).map(|(name, value)| (name, value.to_owned())).collect()
}
