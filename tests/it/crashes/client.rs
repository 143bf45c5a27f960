//! One client, and all that it was told.

use std::sync::Mutex;

use serde_json::{Value, json};
use tokio::join;

use crate::support::{app::PASSWORD, eventually, process::Service};

const REFRESH: &str = "/api/v1/auth/refresh";
const LOGOUT: &str = "/api/v1/auth/logout";

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It was done, or the client is out as it had wished.
    Done,
    /// The store does not answer.
    TryLater,
    /// The connection broke.
    Nothing,
}

/// A person with one session at a time.
pub struct Client {
    email: String,
    /// The first token of the session.
    first: String,
    /// The last refresh token that arrived.
    token: String,
    /// The first tokens of the sessions before, which have all ended.
    ended: Vec<String>,
    /// Whether a logout was acknowledged.
    pub is_out: bool,
    /// Whether a logout was asked for whose answer did not arrive.
    may_be_out: bool,
}

impl Client {
    /// Signs up.
    pub async fn new(service: &Service, email: String) -> Self {
        let token = service.sign_up(&email, "laptop").await;
        Self { email, first: token.clone(), token, ended: Vec::new(), is_out: false, may_be_out: false }
    }

    /// Signs in anew, as soon as the service takes it.
    async fn sign_in(&mut self, service: &Service) {
        let body = json!({"email": self.email, "password": PASSWORD, "client_id": "laptop"});
        let (_, answer) = answered(service, "/api/v1/auth/login", &body).await;
        self.ended.push(std::mem::replace(&mut self.first, token(&answer)));
        self.token = self.first.clone();
        (self.is_out, self.may_be_out) = (false, false);
    }

    /// Signs out.
    pub async fn log_out(&mut self, service: &Service) -> Heard {
        self.may_be_out = true;
        let answer = service.try_post(LOGOUT, &body(&self.token)).await;
        let heard = self.hear(answer.as_ref().ok());
        self.is_out = heard == Heard::Done;
        heard
    }

    /// Exchanges the token at one service.
    pub async fn refresh(&mut self, service: &Service) -> Heard {
        let answer = service.try_post(REFRESH, &body(&self.token)).await;
        self.take(answer.ok())
    }

    /// Exchanges the token in two tabs at once: both get the same.
    pub async fn refresh_twice(&mut self, one: &Service, other: &Service) -> Heard {
        let body = body(&self.token);
        let (one, other) = join!(one.try_post(REFRESH, &body), other.try_post(REFRESH, &body));
        let heard = [self.take(one.ok()), self.hear(other.as_ref().ok())];
        if let (Heard::Done, Ok((_, answer))) = (heard[1], other) {
            let successor = token(&answer);
            assert!(heard[0] != Heard::Done || self.token == successor, "{} has two successors", self.email);
            self.token = successor;
        }
        heard.into_iter().find(|heard| *heard == Heard::Done).unwrap_or(heard[0])
    }

    fn take(&mut self, answer: Option<(u16, Value)>) -> Heard {
        let heard = self.hear(answer.as_ref());
        if let (Heard::Done, Some((200, answer))) = (heard, answer) {
            self.token = token(&answer);
        }
        heard
    }

    fn hear(&mut self, answer: Option<&(u16, Value)>) -> Heard {
        match answer {
            None => Heard::Nothing,
            Some((200, _)) => Heard::Done,
            Some((503, answer)) => {
                assert_eq!(answer["error"], "store_unavailable");
                Heard::TryLater
            }
            other => panic!("{}: {other:?}", self.email),
        }
    }

    /// Who was told to be out is out, and signs in again; everybody else gets on
    /// with what arrived last, at both services, and has one token.
    pub async fn check(&mut self, service: &Service, other: &Service) {
        let (status, answer) = answered(service, REFRESH, &body(&self.token)).await;
        if status == 401 {
            assert_eq!(answer["error"], "refresh_token_invalid");
            assert!(self.is_out || self.may_be_out, "{} is stuck: {answer:?}", self.email);
            return self.sign_in(other).await;
        }
        assert!(!self.is_out, "{} was brought back", self.email);
        let (_, again) = answered(other, REFRESH, &body(&self.token)).await;
        self.token = token(&answer);
        assert_eq!(self.token, token(&again), "{} has two successors", self.email);
        self.may_be_out = false;
    }

    /// Presents a token whose successor was used: it ends the session.
    pub async fn present_a_spent_token(&mut self, service: &Service) {
        let (_, answer) = answered(service, REFRESH, &body(&self.token)).await;
        let (_, answer) = answered(service, REFRESH, &body(&token(&answer))).await;
        refused(service, &self.first, "refresh_token_reused").await;
        refused(service, &token(&answer), "refresh_token_invalid").await;
        self.sign_in(service).await;
    }

    /// No session that ended has come back.
    pub async fn stays_out(&self, service: &Service) {
        for token in &self.ended {
            refused(service, token, "refresh_token_invalid").await;
        }
    }
}

/// The answer of a service that runs, as soon as its store does.
async fn answered(service: &Service, path: &str, body: &Value) -> (u16, Value) {
    let answer = Mutex::new(None);
    eventually(async || {
        let last = service.try_post(path, body).await.unwrap();
        let is_there = last.0 != 503;
        *answer.lock().unwrap() = Some(last);
        is_there
    })
    .await;
    answer.into_inner().unwrap().unwrap()
}

async fn refused(service: &Service, token: &str, reason: &str) {
    let (status, answer) = answered(service, REFRESH, &body(token)).await;
    assert_eq!((status, answer["error"].as_str()), (401, Some(reason)), "{answer:?}");
}

fn body(token: &str) -> Value {
    json!({"refresh_token": token, "client_id": "laptop"})
}

#[track_caller]
fn token(answer: &Value) -> String {
    answer["refresh_token"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}
