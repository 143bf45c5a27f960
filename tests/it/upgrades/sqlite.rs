//! The same restore with a SQLite file.

use std::{fs, path::Path, process::Command};

use rustix::process::Signal;
use serde_json::json;

use crate::support::{
    app::SECRET,
    process::{Service, dev_settings},
};

/// The command of SQLite. Debian's package is installed if it is missing and this is root.
fn sqlite3(file: &Path, command: &str) {
    let install = "command -v sqlite3 >/dev/null || \
                   { apt-get update -q && apt-get install -qy --no-install-recommends sqlite3; }";
    let has = Command::new("sh").args(["-c", install]).output().unwrap();
    assert!(has.status.success(), "missing: install sqlite3");
    let output = Command::new("sqlite3").arg(file).arg(command).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

async fn stop(service: Service) {
    service.signal(Signal::TERM);
    assert_eq!(service.ended().await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_lost_is_restored() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = dev_settings();
    settings.push(("SEKISHO_SECRET", SECRET.to_owned()));
    let start = async || Service::start(folder.path(), &["dev"], &settings).await;
    let (file, copy) = (folder.path().join(".sekisho/sekisho.db"), folder.path().join("copy.db"));
    let service = start().await;
    let out = service.sign_up("ada@example.com", "laptop").await;
    let stays = service.sign_up("bob@example.com", "laptop").await;
    sqlite3(&file, &format!(".backup {}", copy.display()));
    let body = |token: &str| json!({"refresh_token": token, "client_id": "laptop"});
    assert_eq!(service.post("/api/v1/auth/logout", body(&out)).await.status, 200);
    service.sign_up("carl@example.com", "laptop").await;

    service.kill().await;
    fs::remove_file(&file).unwrap();
    for part in ["wal", "shm"] {
        let _ = fs::remove_file(file.with_file_name(format!("sekisho.db-{part}")));
    }
    fs::copy(&copy, &file).unwrap();
    sqlite3(&file, "DELETE FROM sessions");
    let service = start().await;

    for token in [&out, &stays] {
        service.post("/api/v1/auth/refresh", body(token)).await.refused(401, "refresh_token_invalid");
    }
    let login = |name: &str| {
        let email = format!("{name}@example.com");
        json!({"email": email, "password": crate::support::app::PASSWORD, "client_id": "laptop"})
    };
    for name in ["ada", "bob"] {
        assert_eq!(service.post("/api/v1/auth/login", login(name)).await.status, 200);
    }
    service.post("/api/v1/auth/login", login("carl")).await.refused(401, "invalid_credentials");
    stop(service).await;
}
