//! The gateway as a process of its own, built once.

use std::{
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::OnceLock,
};

use crate::support::process::Service;

/// The folder of the program.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/grpc-gateway")
}

/// Whether there is Go; says so once where there is none.
pub fn can_be_built() -> bool {
    static THERE: OnceLock<bool> = OnceLock::new();
    *THERE.get_or_init(|| {
        let is_there = Command::new("go").arg("version").output().is_ok_and(|output| output.status.success());
        if !is_there {
            // Not by `eprintln!`, which a test that passes keeps to itself.
            let line = b"gateway:: is left out: there is no Go here (https://go.dev/dl)\n";
            std::io::stderr().write_all(line).unwrap();
        }
        is_there
    })
}

/// Runs Go in the program's folder.
///
/// # Panics
///
/// With what it printed, if it fails.
pub fn go(arguments: &[&str]) -> Output {
    let output = Command::new("go").args(arguments).current_dir(folder()).output().unwrap();
    let printed = [&output.stdout[..], &output.stderr[..]].concat();
    assert!(output.status.success(), "go {}: {}", arguments.join(" "), String::from_utf8_lossy(&printed));
    output
}

fn built() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("grpc-gateway");
        go(&["build", "-o", program.to_str().unwrap(), "."]);
        program
    })
}

/// A gateway that runs. Ends with the test.
pub struct Gateway {
    pub address: SocketAddr,
    _process: Service,
    _folder: tempfile::TempDir,
}

impl Gateway {
    /// Before a service at a base address. Of the settings, it reads its own.
    pub async fn before(base: &str, settings: &[(&str, &str)]) -> Self {
        let program = tokio::task::spawn_blocking(built).await.unwrap();
        let mut own =
            vec![("SEKISHO_GATEWAY_LISTEN", "127.0.0.1:0".to_owned()), ("SEKISHO_GATEWAY_UPSTREAM", base.to_owned())];
        let origins = settings.iter().filter(|(name, _)| *name == "SEKISHO_ALLOWED_ORIGINS");
        own.extend(origins.map(|(_, value)| ("SEKISHO_ALLOWED_ORIGINS", (*value).to_owned())));
        let folder = tempfile::tempdir().unwrap();
        let process = Service::spawn(tokio::process::Command::new(program), folder.path(), &own).await;
        let address = process.ready["listen"].as_str().unwrap().parse().unwrap();
        Self { address, _process: process, _folder: folder }
    }
}
