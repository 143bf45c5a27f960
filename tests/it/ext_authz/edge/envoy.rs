//! Envoy as a process, by the configuration in `tests/ext_authz`.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::Child,
};

use crate::support::eventually;

/// Ends with the test.
pub struct Envoy {
    pub address: SocketAddr,
    _process: Child,
    _folder: TempDir,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let run = Command::new(root().join("tests/ext_authz.sh")).stderr(Stdio::inherit()).output().unwrap();
        assert!(run.status.success(), "tests/ext_authz.sh: {}", run.status);
        PathBuf::from(String::from_utf8(run.stdout).unwrap().trim_end())
    })
}

impl Envoy {
    /// In front of a sibling, and asking a service; both on this machine.
    pub async fn start(sibling: u16, sekisho: u16) -> Self {
        let program = tokio::task::spawn_blocking(program).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let config = fs::read_to_string(root().join("tests/ext_authz/envoy.yaml")).unwrap();
        let config = config
            .replace("port_value: 1 } } } # sibling", &format!("port_value: {sibling} }} }} }}"))
            .replace("port_value: 2 } } } # sekisho", &format!("port_value: {sekisho} }} }} }}"));
        let (file, admin) = (folder.path().join("envoy.yaml"), folder.path().join("admin"));
        fs::write(&file, config).unwrap();
        let mut command = tokio::process::Command::new(program);
        command.arg("-c").arg(&file).arg("--admin-address-path").arg(&admin);
        command.args(["--disable-hot-restart", "--concurrency", "1", "--log-level", "error"]);
        let process = command.kill_on_drop(true).spawn().unwrap();
        eventually(async || fs::read_to_string(&admin).is_ok_and(|text| !text.is_empty())).await;
        let admin = fs::read_to_string(&admin).unwrap();
        eventually(async || listener(&admin).await.is_some()).await;
        let address = listener(&admin).await.unwrap();
        Self { address, _process: process, _folder: folder }
    }

    /// The status of a request whose path nobody here has looked at.
    pub async fn get_raw(&self, path: &str, host: &str, access: &str) -> u16 {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {access}\r\n");
        stream.write_all(format!("{head}connection: close\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

/// Where Envoy listens, once it does.
async fn listener(admin: &str) -> Option<SocketAddr> {
    let ready = reqwest::get(format!("http://{admin}/ready")).await.ok()?;
    if ready.status() != 200 {
        return None;
    }
    let listed: Value = reqwest::get(format!("http://{admin}/listeners?format=json")).await.ok()?.json().await.ok()?;
    let address = &listed["listener_statuses"][0]["local_address"]["socket_address"];
    let port = u16::try_from(address["port_value"].as_u64()?).ok()?;
    Some(SocketAddr::new(address["address"].as_str()?.parse().ok()?, port))
}
