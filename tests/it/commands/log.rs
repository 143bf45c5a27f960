//! What the log says of a call, at the level that is the default.

use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::support::{
    http,
    process::{Service, dev_settings},
};

async fn dev(more: &[(&'static str, &str)]) -> (Service, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = dev_settings();
    settings.push(("SEKISHO_LOG_FORMAT", "json".into()));
    settings.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    (Service::start(folder.path(), &["dev"], &settings).await, folder)
}

/// The lines of a call that was refused, of the log of a service that is stopped for it.
async fn lines(service: Service, refused: &http::Answer) -> Vec<Value> {
    service.signal(Signal::TERM);
    let log = service.ended().await.stderr;
    let id = refused.body["request_id"].as_str().unwrap();
    log.lines().filter(|line| line.contains(id)).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// R72.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_allowed_is_logged() {
    let (service, _folder) = dev(&[]).await;
    let refresh = service.sign_up("ada@example.com", "laptop").await;
    let body = json!({"refresh_token": refresh, "client_id": "laptop"});
    let access = service.post("/api/v1/auth/refresh", body).await.body["access_token"].as_str().unwrap().to_owned();
    let find = service.request(Method::POST, "/api/v1/admin/users/find").bearer_auth(&access);
    let refused = http::send(find.json(&json!({"email": "ada@example.com"}))).await;
    refused.refused(403, "permission_denied");
    let lines = lines(service, &refused).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!((&lines[0]["level"], &lines[0]["reason"]), (&json!("WARN"), &json!("PERMISSION_DENIED")));
}

/// R74. The caller is told that it may pass, the log why.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_cannot_be_reached_is_logged_with_its_cause() {
    // The port of discard: nobody listens.
    let (service, _folder) = dev(&[("SEKISHO_REDIS_URL", "rediss://127.0.0.1:9")]).await;
    let body = json!({"email": "ada@example.com", "password": "correct horse", "client_id": "laptop"});
    let refused = service.post("/api/v1/auth/login", body).await;
    refused.refused(503, "store_unavailable");
    let lines = lines(service, &refused).await;
    let errors: Vec<_> = lines.iter().filter(|line| line["level"] == "ERROR").collect();
    assert_eq!(errors.len(), 1, "{lines:?}");
    let cause = errors[0]["cause"].as_str().unwrap();
    assert!(!cause.is_empty() && !refused.text.contains(cause), "{cause}");
}
