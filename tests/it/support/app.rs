//! The service in this process, on free ports, with its own data and its own
//! clock.

use std::{sync::Arc, time::Duration};

use base64::Engine;
use sekisho::{
    app::{App, World},
    clock::ManualClock,
    config::{Config, Mode, Source},
    crypto::Secrets,
    domain::Timestamp,
    entropy::SystemEntropy,
    proto::sekisho::v1::{
        audit_service_client::AuditServiceClient, auth_service_client::AuthServiceClient,
        session_service_client::SessionServiceClient, token_service_client::TokenServiceClient,
        user_service_client::UserServiceClient,
    },
    storage::audit::AuditRow,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tonic::transport::Channel;
use tower::BoxError;

use super::{
    http::{self, Answer},
    stack::Stack,
};

/// A secret of 32 bytes, in base64.
pub const SECRET: &str = "dGVzdC1zZWNyZXQtdGVzdC1zZWNyZXQtdGVzdC0wMDE=";
/// What is derived from it.
pub fn secrets() -> Secrets {
    Secrets::derive(&base64::engine::general_purpose::STANDARD.decode(SECRET).unwrap(), None).unwrap()
}

/// A password that is good enough.
pub const PASSWORD: &str = "correct horse battery staple";

/// A running service. Ends with the test.
pub struct TestApp {
    /// The service.
    pub app: App,
    /// Its clock; stands until it is moved.
    pub clock: ManualClock,
    /// Its data.
    pub data: TempDir,
    client: reqwest::Client,
}

/// What a sign-up or a login gave.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
    /// The whole answer.
    pub body: Value,
}

impl TestApp {
    /// With the settings of `dev`, and cheap hashing.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With some settings changed.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        Self::in_data(tempfile::tempdir().unwrap(), settings).await
    }

    /// On data that is there already.
    pub async fn in_data(data: TempDir, settings: &[(&str, &str)]) -> Self {
        let clock = ManualClock::at(Timestamp::from_seconds(1_800_000_000));
        Self::at(data, clock, settings).await
    }

    /// On data that is there already, at a given time.
    pub async fn at(data: TempDir, clock: ManualClock, settings: &[(&str, &str)]) -> Self {
        let app = Self::open(&data, &clock, settings).await.expect("the service starts");
        Self { app, clock, data, client: reqwest::Client::new() }
    }

    /// The service alone, which may refuse to start.
    pub async fn open(data: &TempDir, clock: &ManualClock, settings: &[(&str, &str)]) -> Result<App, BoxError> {
        let mut pairs = vec![
            ("SEKISHO_LISTEN", "127.0.0.1:0".to_owned()),
            ("SEKISHO_OPS_LISTEN", "127.0.0.1:0".to_owned()),
            // A busy machine is no fault.
            ("SEKISHO_DATABASE_TIMEOUT", "10000".to_owned()),
            ("SEKISHO_CALL_TIMEOUT", "300".to_owned()),
            // Nor is a client that keeps its connections for longer than we do.
            ("SEKISHO_HEADER_TIMEOUT", "600".to_owned()),
            ("SEKISHO_SECRET", SECRET.to_owned()),
            ("SEKISHO_BCRYPT_COST", "4".to_owned()),
        ];
        pairs.extend(Stack::chosen().settings(data.path()).await);
        pairs.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let config = Config::read(Mode::Dev, &Source::from_pairs(pairs)).expect("a valid configuration");
        let world = World { clock: Arc::new(clock.clone()), entropy: Arc::new(SystemEntropy) };
        App::start(&config, world).await
    }

    /// Stops the service as a signal would, and gives its data back.
    pub async fn stop(self) -> (TempDir, ManualClock) {
        self.app.stop().await;
        (self.data, self.clock)
    }

    /// Moves the clock.
    pub fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// `http://` and the public address.
    pub fn base(&self) -> String {
        format!("http://{}", self.app.listen)
    }

    /// `http://` and the operations address.
    pub fn ops(&self) -> String {
        format!("http://{}", self.app.ops_listen)
    }

    /// A REST request, to be sent or changed.
    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method.parse().unwrap(), format!("{}{path}", self.base()))
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        http::send(self.request("POST", path).json(&body)).await
    }

    /// A call with an access token, and with JSON if there is any.
    pub async fn call(&self, method: &str, path: &str, access: &str, body: Option<Value>) -> Answer {
        let request = self.request(method, path).bearer_auth(access);
        http::send(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    /// The mails to an address, newest first.
    pub async fn mails(&self, to: &str) -> Vec<Value> {
        let url = reqwest::Url::parse_with_params(&format!("{}/dev/mailbox", self.ops()), [("to", to)]).unwrap();
        self.client.get(url).send().await.unwrap().json().await.unwrap()
    }

    /// The mails to an address, of which there are so many at least: the mailbox
    /// answers when all that were asked for have been delivered.
    pub async fn mails_after(&self, to: &str, count: usize) -> Vec<Value> {
        let mails = self.mails(to).await;
        assert!(mails.len() >= count, "{} of {count} mails to {to}", mails.len());
        mails
    }

    /// The codes that were mailed to an address, newest first. Notices come when they
    /// come.
    pub async fn mailed_codes(&self, to: &str) -> Vec<String> {
        let mails = self.mails(to).await;
        mails.iter().filter_map(|mail| mail["code"].as_str()).map(str::to_owned).collect()
    }

    /// Asks for a code and returns it from the mail.
    pub async fn code(&self, email: &str, client_id: &str) -> String {
        let before = self.mailed_codes(email).await.len();
        let body = json!({"email": email, "password": PASSWORD, "client_id": client_id});
        let answer = self.post("/api/v1/auth/signup/send-code", body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        self.newest_code(email, before + 1).await
    }

    /// Makes an account.
    pub async fn sign_up(&self, email: &str, client_id: &str) -> SignedIn {
        let code = self.code(email, client_id).await;
        let body = json!({"email": email, "code": code, "client_id": client_id});
        let answer = self.post("/api/v1/auth/signup/verify-code", body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        SignedIn::of(answer)
    }

    /// Signs in.
    pub async fn login(&self, email: &str, client_id: &str) -> SignedIn {
        let body = json!({"email": email, "password": PASSWORD, "client_id": client_id});
        let answer = self.post("/api/v1/auth/login", body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        SignedIn::of(answer)
    }

    /// Presents a refresh token.
    pub async fn refresh(&self, refresh: &str, client_id: &str) -> Answer {
        self.post("/api/v1/auth/refresh", json!({"refresh_token": refresh, "client_id": client_id})).await
    }

    /// The audit log.
    pub async fn audit(&self) -> Vec<AuditRow> {
        self.app.ctx.stores.audit.list(0, 10_000).await.unwrap()
    }

    /// The kinds of the audit log, in order.
    pub async fn audit_kinds(&self) -> Vec<String> {
        self.audit().await.into_iter().map(|row| row.kind).collect()
    }

    /// A gRPC connection.
    pub async fn channel(&self) -> Channel {
        Channel::from_shared(self.base()).unwrap().connect().await.unwrap()
    }

    /// A gRPC client.
    pub async fn auth(&self) -> AuthServiceClient<Channel> {
        AuthServiceClient::new(self.channel().await)
    }

    /// A gRPC client.
    pub async fn audit_events(&self) -> AuditServiceClient<Channel> {
        AuditServiceClient::new(self.channel().await)
    }

    /// A gRPC client.
    pub async fn sessions(&self) -> SessionServiceClient<Channel> {
        SessionServiceClient::new(self.channel().await)
    }

    /// A gRPC client.
    pub async fn users(&self) -> UserServiceClient<Channel> {
        UserServiceClient::new(self.channel().await)
    }

    /// A gRPC client.
    pub async fn tokens(&self) -> TokenServiceClient<Channel> {
        TokenServiceClient::new(self.channel().await)
    }
}

impl SignedIn {
    /// Reads an answer.
    pub fn of(answer: Answer) -> Self {
        let text = |name: &str| answer.body[name].as_str().expect(name).to_owned();
        Self { access: text("access_token"), refresh: text("refresh_token"), body: answer.body.clone() }
    }
}

/// A gRPC request with an access token.
pub fn with_bearer<T>(message: T, access: &str) -> tonic::Request<T> {
    let mut request = tonic::Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {access}").parse().unwrap());
    request
}
