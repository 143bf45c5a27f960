//! TLS and a user of its own, on the real binary.

use serde_json::json;

use crate::support::{
    process::{Service, dev_settings},
    servers::Owned,
};

async fn service(url: &str, authority: &str) -> (tempfile::TempDir, Service) {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = dev_settings();
    settings.extend([
        ("SEKISHO_REDIS_URL", url.to_owned()),
        ("SEKISHO_REDIS_TIMEOUT", "2000".to_owned()),
        ("SSL_CERT_FILE", authority.to_owned()),
    ]);
    let service = Service::start(folder.path(), &["dev"], &settings).await;
    (folder, service)
}

async fn try_sign_up(service: &Service) -> u16 {
    let body = json!({"email": "ada@example.com", "password": "correct horse battery staple", "client_id": "laptop"});
    service.post("/api/v1/auth/signup/send-code", body).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_and_an_acl_user_will_do() {
    let (redis, authority) = Owned::redis_tls().await;
    let (_folder, service) = service(&redis.url, &authority).await;
    let token = service.sign_up("ada@example.com", "laptop").await;
    let body = json!({"refresh_token": token, "client_id": "laptop"});
    assert_eq!(service.post("/api/v1/auth/refresh", body).await.status, 200);
}

/// R65.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_somebody_else_will_not() {
    let (redis, _) = Owned::redis_tls().await;
    let (_other, authority) = Owned::redis_tls().await;
    let (_folder, service) = service(&redis.url, &authority).await;
    assert_eq!(try_sign_up(&service).await, 503);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_will_not() {
    let (redis, authority) = Owned::redis_tls().await;
    let (_, address) = redis.url.split_once('@').unwrap();
    let (_folder, service) = service(&format!("rediss://sekisho:wrong@{address}"), &authority).await;
    assert_eq!(try_sign_up(&service).await, 503);
}
