//! The commands, as processes.

mod descriptors;
mod listeners;
mod log;
mod users;

use reqwest::Method;
use rustix::process::Signal;
use sekisho::proto::sekisho::v1::{
    IntrospectRequest, IssueServiceTokenRequest, token_service_client::TokenServiceClient,
};
use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpStream};
use tonic::{Code, transport::Channel};
use tonic_reflection::pb::v1::{ServerReflectionRequest, server_reflection_client::ServerReflectionClient};

use crate::support::{
    app::with_bearer,
    eventually,
    feed::reason,
    http,
    process::{Service, dev_settings, run, serve_settings},
};

const MIGRATIONS: &str = "0001_accounts, 0002_volatile, 0003_outbox, 0004_volatile_fence, 0005_service_accounts, \
     0006_account_changes, 0007_audit_chain, 0008_password_history, 0009_tallies, \
     0010_service_identities";

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
    service.is_ready().await;
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

/// R71. What development shows is not there in production.
#[tokio::test(flavor = "multi_thread")]
async fn serve_has_neither_reflection_nor_a_mailbox() {
    let folder = tempfile::tempdir().unwrap();
    let settings = serve_settings(folder.path());
    run(folder.path(), &["migrate"], &settings).await;
    let service = Service::start(folder.path(), &["serve"], &settings).await;
    let channel = Channel::from_shared(service.base()).unwrap().connect().await.unwrap();
    let requests = futures_util::stream::iter([ServerReflectionRequest::default()]);
    let refused = ServerReflectionClient::new(channel).server_reflection_info(requests).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unimplemented);
    assert_eq!(service.ops("/dev/mailbox?to=ada@example.com").await.status(), 404);
    for path in ["/livez", "/readyz", "/metrics", "/dev/mailbox"] {
        http::send(service.request(Method::GET, path)).await.refused(404, "not_found");
    }
    service.kill().await;
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

/// Asks a service that runs for a token.
async fn service_token(service: &Service, name: &str, secret: &str) -> Result<String, String> {
    let mut tokens = TokenServiceClient::connect(service.base()).await.unwrap();
    let request =
        IssueServiceTokenRequest { client_id: name.to_owned(), client_secret: secret.to_owned(), scope: None };
    let answer = tokens.issue_service_token(request).await;
    answer.map(|answer| answer.into_inner().access_token).map_err(|status| reason(&status))
}

async fn introspects(service: &Service, access: &str, token: &str) -> Result<bool, String> {
    let mut tokens = TokenServiceClient::connect(service.base()).await.unwrap();
    let request = with_bearer(IntrospectRequest { token: token.to_owned() }, access);
    tokens.introspect(request).await.map(|answer| answer.into_inner().active).map_err(|status| reason(&status))
}

#[tokio::test]
async fn services_are_made_listed_given_other_secrets_and_disabled() {
    let folder = tempfile::tempdir().unwrap();
    let settings = serve_settings(folder.path());
    let call = async |arguments: &[&str]| run(folder.path(), arguments, &settings).await;
    call(&["migrate"]).await;
    let made = call(&["service", "create", "orders", "--scope", "orders:read", "--scope", "tokens:introspect"]).await;
    let secret = made.stdout.trim().to_owned();
    assert_eq!((made.code, secret.len(), &secret[..4]), (Some(0), 47, "sks_"), "{}", made.stderr);
    call(&["service", "create", "stock", "--scope", "tokens:introspect"]).await;
    for (arguments, complaint) in [
        (&["service", "create", "orders", "--scope", "a"][..], "there is a service of that name"),
        (&["service", "create", "dev", "--scope", "a"], "the one of `sekisho dev`"),
        (&["service", "create", "Orders", "--scope", "a"], "a name is 1 to 64 characters"),
        (&["service", "create", "other", "--scope", "a\"b"], "a scope is one word"),
        (&["service", "create", "other"], "--scope"),
        (&["service", "disable", "nobody"], "no service of that name"),
        (&["service", "rotate", "nobody"], "no service of that name"),
    ] {
        let ended = call(arguments).await;
        assert!(ended.code != Some(0) && ended.stderr.contains(complaint), "{arguments:?}: {}", ended.stderr);
    }
    let listed = call(&["service", "list"]).await.stdout;
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines.len() == 2 && lines[0].starts_with("orders  active  "), "{listed}");
    assert!(lines[0].ends_with("Z  orders:read tokens:introspect"), "{listed}");

    let service = Service::start(folder.path(), &["serve"], &settings).await;
    let old = service_token(&service, "orders", &secret).await.unwrap();
    assert_eq!(introspects(&service, &old, &old).await, Ok(true));
    let dev = service_token(&service, "dev", crate::support::feed::DEV_SECRET).await;
    assert_eq!(dev, Err("INVALID_CREDENTIALS".to_owned()), "there is none in `serve`");

    let renewed = call(&["service", "rotate", "orders"]).await.stdout.trim().to_owned();
    assert_eq!(service_token(&service, "orders", &secret).await, Err("INVALID_CREDENTIALS".to_owned()));
    let token = service_token(&service, "orders", &renewed).await.unwrap();
    assert_eq!(call(&["service", "disable", "orders"]).await.stdout, "orders is disabled\n");
    assert_eq!(service_token(&service, "orders", &renewed).await, Err("INVALID_CREDENTIALS".to_owned()));
    eventually(async || introspects(&service, &token, &token).await == Err("SESSION_REVOKED".to_owned())).await;
    assert!(call(&["service", "list"]).await.stdout.starts_with("orders  disabled"));
    service.signal(Signal::TERM);
    service.ended().await;

    let location = sekisho::storage::sql::Location::Sqlite(folder.path().join("sekisho.db"));
    let store = sekisho::storage::sql::SqlStore::open(&location, std::sync::Arc::default()).await.unwrap();
    let rows = sekisho::storage::Audit::list(&store, 0, 100).await.unwrap();
    let kinds = rows
        .iter()
        .map(|row| row.kind.as_str())
        .filter(|kind| ["service_created", "service_rotated", "service_disabled"].contains(kind));
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        ["service_created", "service_created", "service_rotated", "service_disabled"]
    );
}
