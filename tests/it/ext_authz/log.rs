//! What is logged of those whom a proxy asks about: they are strangers, and could fill it.

use rustix::process::Signal;
use sekisho::proto::ext_authz::envoy::service::auth::v3::authorization_client::AuthorizationClient;

use super::proxy::{Asked, POLICY, policy_folder};
use crate::support::process::{Service, dev_settings};

/// The log of a process that was asked about what it does not let in.
async fn log(level: &str) -> String {
    let folder = policy_folder(POLICY);
    let mut settings = dev_settings();
    settings.extend([
        ("SEKISHO_AUTHZ_LISTEN", "127.0.0.1:0".to_owned()),
        ("SEKISHO_AUTHZ_POLICY", "policy.toml".to_owned()),
        ("SEKISHO_LOG", level.to_owned()),
        ("SEKISHO_LOG_FORMAT", "json".to_owned()),
    ]);
    let service = Service::start(folder.path(), &["dev"], &settings).await;
    let address = format!("http://{}", service.ready["authz"].as_str().unwrap());
    let mut proxy = AuthorizationClient::connect(address).await.unwrap();
    let strangers = [
        Asked::get("/orders/0badcafe"),
        Asked::get("/orders/0badcafe").bearer("0badcafe.0badcafe.0badcafe"),
        Asked::get("/nowhere/0badcafe"),
        Asked::get("/welcome").host("0badcafe.example.com"),
        Asked::new("GET 0badcafe", "/welcome"),
    ];
    for asked in strangers {
        proxy.check(asked.check()).await.unwrap();
    }
    drop(proxy);
    service.signal(Signal::TERM);
    service.ended().await.stderr
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_write_no_lines() {
    let [quiet, loud] = [log("info").await, log("debug").await];
    for line in ["a request was not let in", "a proxy asks about what is no request"] {
        assert!(loud.contains(line), "{line}: {loud}");
        assert!(!quiet.contains(line), "{line}: {quiet}");
    }
    assert!(!quiet.contains("0badcafe") && !loud.contains("0badcafe"), "{quiet}\n{loud}");
}
