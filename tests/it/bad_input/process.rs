//! The real binary: what it is told in confidence stays out of its logs and its
//! metrics, also at the most talkative level.

use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    app::SECRET,
    http,
    process::{Service, dev_settings},
    scrape::Scrape,
};

const PASSWORD: &str = "canary-of-a-right-password";
const WRONG_PASSWORD: &str = "canary-of-a-wrong-password";
const EMAIL: &str = "canary.address@example.com";

/// `sekisho dev` in a directory of its own.
struct Dev {
    service: Service,
    _directory: TempDir,
}

impl Dev {
    async fn start(settings: &[(&'static str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut all = dev_settings();
        all.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Self { service: Service::start(directory.path(), &["dev"], &all).await, _directory: directory }
    }

    async fn post(&self, path: &str, body: Value) -> http::Answer {
        self.service.post(&format!("/api/v1/auth/{path}"), body).await
    }

    async fn profile(&self, access: &str) -> http::Answer {
        http::send(self.service.request(Method::GET, "/api/v1/user/profile").bearer_auth(access)).await
    }

    async fn code(&self) -> String {
        let mails: Value = self.service.ops(&format!("/dev/mailbox?to={EMAIL}")).await.json().await.unwrap();
        mails[0]["code"].as_str().expect("a code").to_owned()
    }

    async fn metrics(&self) -> String {
        self.service.ops("/metrics").await.text().await.unwrap()
    }

    /// Asks it to stop; its exit code and its log.
    async fn stop(self) -> (Option<i32>, String) {
        self.service.signal(Signal::TERM);
        let ended = self.service.ended().await;
        (ended.code, ended.stderr)
    }
}

/// Signs up, in and out, fails in every way, and returns every token on the way.
async fn live(dev: &Dev) -> Vec<String> {
    let account = |password: &str| json!({"email": EMAIL, "password": password, "client_id": "laptop"});
    assert_eq!(dev.post("signup/send-code", account(PASSWORD)).await.status, 200);
    let code = json!({"email": EMAIL, "code": dev.code().await, "client_id": "laptop"});
    let signed_up = dev.post("signup/verify-code", code.clone()).await;
    assert_eq!(signed_up.status, 201, "{signed_up:?}");
    dev.post("signup/verify-code", code).await.refused(400, "session_not_found");
    assert_eq!(dev.post("signup/send-code", account(PASSWORD)).await.status, 200, "a taken address");
    dev.post("login", account(WRONG_PASSWORD)).await.refused(401, "invalid_credentials");
    let signed_in = dev.post("login", account(PASSWORD)).await;

    let mut tokens = Vec::new();
    for answer in [&signed_up, &signed_in] {
        tokens.extend(["access_token", "refresh_token"].map(|name| answer.body[name].as_str().unwrap().to_owned()));
    }
    let refresh = async |token: &str, client_id: &str| {
        dev.post("refresh", json!({"refresh_token": token, "client_id": client_id})).await
    };
    let mut newest = tokens[3].clone();
    for _ in 0..2 {
        let refreshed = refresh(&newest, "laptop").await;
        newest = refreshed.body["refresh_token"].as_str().expect("a token").to_owned();
        tokens.extend([newest.clone(), refreshed.body["access_token"].as_str().unwrap().to_owned()]);
    }
    refresh(&tokens[3], "laptop").await.refused(401, "refresh_token_reused");
    refresh(&tokens[1], "phone").await.refused(401, "client_id_mismatch");
    dev.profile(&tokens[0]).await.refused(401, "session_revoked");
    garbage(dev, &tokens).await;
    tokens
}

/// Secrets where they do not belong.
async fn garbage(dev: &Dev, tokens: &[String]) {
    for secret in tokens.iter().map(String::as_str).chain([PASSWORD, WRONG_PASSWORD]) {
        dev.profile(secret).await;
        dev.profile(&secret[1..]).await;
        dev.post("logout", json!({"refresh_token": secret, "client_id": secret})).await;
        dev.post("login", json!({"email": secret, "password": {"it": secret}, "client_id": [secret]})).await;
        dev.post(&format!("login?password={secret}"), json!({"password": secret})).await;
        let nowhere = dev.service.request(Method::GET, &format!("/{secret}")).header("cookie", secret);
        http::send(nowhere.header("user-agent", secret)).await;
        let frame = dev.service.request(Method::POST, "/sekisho.v1.AuthService/Login");
        frame.header("content-type", "application/grpc-web").body(secret.to_owned()).send().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dev_starts_in_an_empty_directory() {
    for settings in [&[][..], &[("SEKISHO_SECRET", SECRET)]] {
        let (exit_code, log) = Dev::start(settings).await.stop().await;
        assert_eq!(exit_code, Some(0), "{log}");
    }
}

/// R26, R73.
#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_neither_logged_nor_counted() {
    let dev = Dev::start(&[
        ("SEKISHO_DATABASE_URL", "sqlite://sekisho.db"),
        ("SEKISHO_SECRET", SECRET),
        ("SEKISHO_BCRYPT_COST", "4"),
        ("SEKISHO_LOG", "trace"),
    ])
    .await;
    let tokens = live(&dev).await;
    let metrics = dev.metrics().await;
    let (exit_code, log) = dev.stop().await;

    assert_eq!(exit_code, Some(0), "{log}");
    for kind in ["login_succeeded", "login_wrong_password", "refresh_reused"] {
        let count = Scrape::parse(&metrics).get(&format!("sekisho_events_total{{kind=\"{kind}\"}}"));
        assert!(log.contains(kind) && count > Some(0.0), "{kind} is told of, so the rest would be");
    }
    let secrets = tokens.iter().map(String::as_str).chain([PASSWORD, WRONG_PASSWORD, SECRET]);
    for secret in secrets {
        for (place, text) in [("the log", &log), ("the metrics", &metrics)] {
            let found = text.lines().find(|line| line.contains(secret));
            assert_eq!(found, None, "a secret in {place}");
        }
    }
    assert!(!metrics.contains(EMAIL), "an address in the metrics");
}
