//! What is in no span: whoever calls, and whatever he sends.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{LOGIN, Traced, login, parent, sink::Sink, trace};
use crate::{
    support::{
        Answer,
        acts::{ADA, claims},
        app::{PASSWORD, SECRET},
        http,
    },
    surfaces::grpc_web::{self, Encoding},
};

const NEW_ADDRESS: &str = "lovelace@example.org";
const NEW_PASSWORD: &str = "eleven purple gates at dawn";
const AGENT: &str = "canary-of-an-agent/1.0";
const CLIENT: &str = "canary-client";
const REQUEST_ID: &str = "canary-request-id";
const STATE: &str = "canary=of-a-state";

/// Ada, and all that must not be told of her.
struct Tour<'a> {
    traced: &'a Traced,
    secrets: Vec<String>,
}

impl Tour<'_> {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.traced.service.request(method, path).header("user-agent", AGENT);
        let request = request.header("x-request-id", REQUEST_ID).header("x-forwarded-for", "198.51.100.77");
        request.header("traceparent", parent(&trace(1), true)).header("tracestate", STATE)
    }

    async fn post(&mut self, path: &str, body: Value) -> Answer {
        self.act(Method::POST, path, "", body).await
    }

    async fn act(&mut self, method: Method, path: &str, access: &str, body: Value) -> Answer {
        let answer = http::send(self.request(method, path).bearer_auth(access).json(&body)).await;
        for name in ["access_token", "refresh_token", "reset_token"] {
            self.secrets.extend(answer.body[name].as_str().map(str::to_owned));
        }
        if let Some(access) = answer.body["access_token"].as_str() {
            for claim in ["sub", "sid", "jti"] {
                let id = claims(access)[claim].as_str().unwrap().to_owned();
                self.secrets.extend([id.replace('-', ""), id]);
            }
        }
        answer
    }

    async fn code(&mut self, address: &str) -> String {
        let page = format!("/dev/mailbox?to={address}");
        let mails: Value = self.traced.service.ops(&page).await.json().await.unwrap();
        let code = mails.as_array().unwrap().iter().find_map(|mail| mail["code"].as_str()).expect("a code").to_owned();
        self.secrets.push(code.clone());
        code
    }

    async fn signs_up(&mut self) {
        let body = json!({"email": ADA, "password": PASSWORD, "client_id": CLIENT});
        assert_eq!(self.post("/api/v1/auth/signup/send-code", body).await.status, 200);
        let body = json!({"email": ADA, "code": self.code(ADA).await, "client_id": CLIENT});
        assert_eq!(self.post("/api/v1/auth/signup/verify-code", body).await.status, 201);
    }

    async fn signs_in(&mut self, password: &str) -> (String, String) {
        let body = json!({"email": ADA, "password": password, "client_id": CLIENT, "device_name": "Canary's phone"});
        let answer = self.post("/api/v1/auth/login", body).await;
        let text = |name: &str| answer.body[name].as_str().expect(name).to_owned();
        (text("access_token"), text("refresh_token"))
    }

    async fn refreshes(&mut self) {
        let (_, first) = self.signs_in(PASSWORD).await;
        let mut newest = first.clone();
        for _ in 0..2 {
            let body = json!({"refresh_token": newest, "client_id": CLIENT});
            newest = self.post("/api/v1/auth/refresh", body).await.refresh_token();
        }
        let body = json!({"refresh_token": first, "client_id": CLIENT});
        self.post("/api/v1/auth/refresh", body).await.refused(401, "refresh_token_reused");
        self.post("/api/v1/auth/logout", json!({"refresh_token": newest, "client_id": CLIENT})).await;
    }

    async fn looks_after_her_account(&mut self) {
        let (access, _) = self.signs_in(PASSWORD).await;
        let (other, _) = self.signs_in(PASSWORD).await;
        let session = claims(&other)["sid"].as_str().unwrap().to_owned();
        for (method, path, body) in [
            (Method::GET, "/api/v1/user/profile".to_owned(), Value::Null),
            (Method::PUT, "/api/v1/user/profile".to_owned(), json!({"display_name": "Canary"})),
            (Method::GET, "/api/v1/auth/sessions".to_owned(), Value::Null),
            (Method::DELETE, format!("/api/v1/auth/sessions/{session}"), Value::Null),
            (
                Method::POST,
                "/api/v1/user/email/send-code".to_owned(),
                json!({"new_email": NEW_ADDRESS, "password": PASSWORD}),
            ),
        ] {
            let request = self.request(method, &path).bearer_auth(&access);
            let request = if body.is_null() { request } else { request.json(&body) };
            assert_eq!(http::send(request).await.status, 200, "{path}");
        }
        let code = self.code(NEW_ADDRESS).await;
        let changed = self.act(Method::POST, "/api/v1/user/email/verify-code", &access, json!({"code": code})).await;
        assert_eq!(changed.status, 200, "{changed:?}");
        let body = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
        let changed = self.act(Method::POST, "/api/v1/user/password", &access, body).await;
        assert_eq!(changed.status, 200, "{changed:?}");
    }

    async fn resets_and_leaves(&mut self) {
        let body = json!({"email": NEW_ADDRESS, "client_id": CLIENT});
        self.post("/api/v1/auth/password-reset/send-code", body).await;
        let body = json!({"email": NEW_ADDRESS, "code": self.code(NEW_ADDRESS).await, "client_id": CLIENT});
        let answer = self.post("/api/v1/auth/password-reset/verify-code", body).await;
        let token = answer.body["reset_token"].as_str().expect("a token");
        let body = json!({"reset_token": token, "new_password": PASSWORD, "client_id": CLIENT});
        assert_eq!(self.post("/api/v1/auth/password-reset/complete", body).await.status, 200);
        let body = json!({"email": NEW_ADDRESS, "password": PASSWORD, "client_id": CLIENT});
        let signed_in = self.post("/api/v1/auth/login", body).await;
        let access = signed_in.body["access_token"].as_str().expect("a token").to_owned();
        let gone = self.act(Method::DELETE, "/api/v1/user/account", &access, json!({"password": PASSWORD})).await;
        assert_eq!(gone.status, 200, "{gone:?}");
    }

    /// All of it where nothing of it belongs.
    async fn sends_garbage(&mut self) {
        for secret in self.secrets.clone().into_iter().chain([ADA.to_owned()]) {
            http::send(self.request(Method::GET, &format!("/{secret}?{secret}={secret}")).header("cookie", &secret))
                .await;
            self.act(Method::POST, "/api/v1/auth/login", &secret, json!({(secret.as_str()): [secret]})).await;
            let made_up = self.request(Method::POST, &format!("/sekisho.v1.AuthService/{secret}"));
            grpc_web::ask(made_up, Encoding::Binary, &login()).await;
            let mut wrong = login();
            wrong.password.clone_from(&secret);
            let request = self.request(Method::POST, &format!("/{LOGIN}")).header("authorization", &secret);
            grpc_web::ask(request, Encoding::Text, &wrong).await;
        }
    }
}

/// R26, G18.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_caller_is_in_a_span() {
    let sink = Sink::start().await;
    // Nobody is believed, and so nothing of what they say of their traces is handed on.
    let settings = [("SEKISHO_SECRET", SECRET), ("SEKISHO_LIMIT_CODE", "100/300"), ("SEKISHO_LOG", "trace")];
    let traced = Traced::start(&sink.endpoint(), &settings).await;
    let mut tour = Tour { traced: &traced, secrets: Vec::new() };
    tour.signs_up().await;
    tour.refreshes().await;
    tour.looks_after_her_account().await;
    tour.resets_and_leaves().await;
    tour.sends_garbage().await;
    let secrets = tour.secrets;
    assert!(secrets.len() > 30, "{secrets:?}");
    let ended = traced.stop().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);

    let spans = sink.spans();
    for rpc in ["AuthService/Login", "SessionService/RevokeSession", "UserService/DeleteAccount"] {
        assert!(spans.iter().any(|span| span.name == format!("sekisho.v1.{rpc}")), "{rpc} is told of");
    }
    let bytes = sink.bytes();
    let of_hers = [ADA, NEW_ADDRESS, PASSWORD, NEW_PASSWORD, AGENT, CLIENT, REQUEST_ID, STATE, SECRET, "Canary"];
    let addresses = ["127.0.0.1", "198.51.100.77"];
    let long = secrets.iter().map(String::as_str).filter(|secret| !is_code(secret));
    for secret in long.chain(of_hers).chain(addresses) {
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{secret} is in a span");
    }
    // Six digits may be in any number: codes are looked for in texts.
    let texts = format!("{:?}", spans.iter().map(|span| (&span.name, &span.attributes)).collect::<Vec<_>>());
    for code in secrets.iter().filter(|secret| is_code(secret)) {
        assert!(!texts.contains(code), "{code} is in a span");
    }
}

fn is_code(secret: &str) -> bool {
    secret.len() == 6
}
