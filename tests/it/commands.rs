//! The commands, as processes.

use rustix::process::Signal;
use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::support::process::{Service, dev_settings, run, serve_settings};

const MIGRATIONS: &str = "0001_accounts, 0002_volatile, 0003_outbox, 0004_volatile_fence, 0005_service_accounts";

#[tokio::test]
async fn serve_without_settings_lists_all_that_is_missing_and_exits_78() {
    let folder = tempfile::tempdir().unwrap();
    let ended = run(folder.path(), &["serve"], &[]).await;
    assert_eq!(ended.code, Some(78));
    assert_eq!(ended.stdout, "");
    for name in ["DATABASE_URL", "SECRET", "ISSUER", "AUDIENCE", "SMTP_URL", "MAIL_FROM", "TLS_TERMINATED"] {
        let faults = ended.stderr.lines().filter(|line| line.contains(&format!("SEKISHO_{name}: "))).count();
        assert_eq!(faults, 1, "{name} in {}", ended.stderr);
    }
}

#[tokio::test]
async fn serve_refuses_a_database_that_is_not_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let settings = serve_settings(folder.path());
    let ended = run(folder.path(), &["serve"], &settings).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains(&format!("{MIGRATIONS}: run `sekisho migrate`")), "{}", ended.stderr);

    let ended = run(folder.path(), &["migrate"], &settings).await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), format!("migrated: {MIGRATIONS}\n").as_str()));
    let ended = run(folder.path(), &["migrate"], &settings).await;
    assert_eq!(ended.stdout, "the database is up to date\n");

    let service = Service::start(folder.path(), &["serve"], &settings).await;
    assert_eq!(service.ops("/readyz").await.status(), 200);
    assert_eq!(service.ops("/dev/mailbox?to=a@example.com").await.status(), 404);
    service.signal(Signal::TERM);
    assert_eq!(service.ended().await.code, Some(0));
}

#[tokio::test]
async fn the_ready_line_is_all_of_stdout_and_a_signal_ends_cleanly() {
    let folder = tempfile::tempdir().unwrap();
    for signal in [Signal::TERM, Signal::INT] {
        let service = Service::start(folder.path(), &["dev"], &dev_settings()).await;
        assert_eq!(service.ready["event"], "ready");
        assert_eq!(service.ops("/livez").await.status(), 200);
        service.signal(signal);
        let ended = service.ended().await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn a_second_signal_ends_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &["dev"], &dev_settings()).await;
    // A call that never ends keeps the service from draining.
    let mut stuck = TcpStream::connect(service.ready["listen"].as_str().unwrap()).await.unwrap();
    let head =
        "POST /api/v1/auth/login HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
    stuck.write_all(head.as_bytes()).await.unwrap();
    // An answer on another connection shows that the server has seen this one.
    service.post("/api/v1/auth/logout", json!({"refresh_token": "x", "client_id": "a"})).await;
    service.signal(Signal::TERM);
    loop {
        let answer = service.ops("/readyz").await;
        if answer.status() == 503 {
            let body: serde_json::Value = answer.json().await.unwrap();
            assert_eq!(body["draining"], true);
            break;
        }
    }
    service.signal(Signal::TERM);
    assert_eq!(service.ended().await.code, Some(130));
}

#[tokio::test]
async fn the_secret_of_dev_is_kept_and_is_the_owners() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &["dev"], &dev_settings()).await;
    let token = service.sign_up("ada@example.com", "laptop").await;
    service.kill().await;
    let mode = |path: &str| folder.path().join(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(".sekisho"), mode(".sekisho/secret")), (0o700, 0o600));

    let service = Service::start(folder.path(), &["dev"], &dev_settings()).await;
    let body = json!({"refresh_token": token, "client_id": "laptop"});
    assert_eq!(service.post("/api/v1/auth/refresh", body).await.status, 200);
}

#[tokio::test]
async fn keys_are_listed_and_rotated() {
    let folder = tempfile::tempdir().unwrap();
    let settings = serve_settings(folder.path());
    run(folder.path(), &["migrate"], &settings).await;
    assert_eq!(run(folder.path(), &["keys", "list"], &settings).await.stdout, "");
    let service = Service::start(folder.path(), &["serve"], &settings).await;
    service.signal(Signal::TERM);
    service.ended().await;

    let listed = run(folder.path(), &["keys", "list"], &settings).await.stdout;
    assert!(listed.contains("EdDSA  active"), "{listed}");
    let rotated = run(folder.path(), &["keys", "rotate"], &settings).await;
    assert!(rotated.stdout.contains(" signs from "), "{}{}", rotated.stdout, rotated.stderr);
    let listed = run(folder.path(), &["keys", "list"], &settings).await.stdout;
    assert!(listed.contains("EdDSA  active") && listed.contains("EdDSA  published"), "{listed}");
    let again = run(folder.path(), &["keys", "rotate"], &settings).await;
    assert_eq!(again.code, Some(1));
    assert!(again.stderr.contains("a key is waiting already"), "{}", again.stderr);
}

#[tokio::test]
async fn settings_are_checked_and_printed_without_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let settings = serve_settings(folder.path());
    let checked = run(folder.path(), &["config", "check"], &settings).await;
    assert_eq!((checked.code, checked.stdout.as_str()), (Some(0), "the configuration is valid\n"));
    assert_eq!(run(folder.path(), &["config", "check"], &[]).await.code, Some(78));

    let printed = run(folder.path(), &["config", "print"], &settings).await.stdout;
    assert!(printed.contains("SEKISHO_ISSUER = \"https://auth.example.com\""), "{printed}");
    assert!(!printed.contains(crate::support::app::SECRET), "{printed}");

    // What is printed is a file that says the same, but for the secrets.
    let file = folder.path().join("sekisho.toml");
    std::fs::write(&file, &printed).unwrap();
    let secrets: Vec<_> = settings
        .iter()
        .filter(|(name, _)| ["SEKISHO_DATABASE_URL", "SEKISHO_SECRET", "SEKISHO_SMTP_URL"].contains(name))
        .cloned()
        .collect();
    let again = run(folder.path(), &["--config", "sekisho.toml", "config", "print"], &secrets).await.stdout;
    assert_eq!(again, printed);
}
