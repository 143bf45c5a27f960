//! One client, and all that it was told.

use std::sync::Mutex;

use serde_json::{Value, json};
use tokio::join;

use super::password::Passwords;
use crate::support::{eventually, process::Service};

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
    passwords: Passwords,
    /// The first token of the session.
    first: String,
    /// The last refresh token that arrived.
    token: String,
    /// The first tokens of the sessions before, which have all ended.
    ended: Vec<String>,
    /// Whether a logout or a reset was acknowledged.
    pub is_out: bool,
    /// Whether a logout was asked for whose answer did not arrive.
    may_be_out: bool,
}

impl Client {
    /// Signs up.
    pub async fn new(service: &Service, email: String) -> Self {
        let token = service.sign_up(&email, "laptop").await;
        let passwords = Passwords::new(email.clone());
        Self { email, passwords, first: token.clone(), token, ended: Vec::new(), is_out: false, may_be_out: false }
    }

    /// Signs in anew, as soon as the service takes it.
    async fn sign_in(&mut self, service: &Service) {
        let (token, _) = self.passwords.sign_in(service).await;
        self.ended.push(std::mem::replace(&mut self.first, token));
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

    /// Resets the password. A code that the store has lost is asked for again.
    pub async fn reset(&mut self, service: &Service) -> Heard {
        let new = self.passwords.choose();
        let answer = service.try_reset(&self.email, &new, "laptop").await;
        if let Ok((400, answer)) = &answer {
            assert_eq!(answer["error"], "session_not_found");
            return Heard::TryLater;
        }
        let heard = self.hear(answer.as_ref().ok());
        if heard == Heard::Done {
            self.passwords.acknowledged();
            self.is_out = true;
        }
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
        if !self.is_out && self.passwords.are_in_doubt() {
            return self.clear_up(service).await;
        }
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

    /// A reset whose answer did not arrive was done or not: there is one password, and
    /// with a new one the session ends, though nobody was told that it has.
    async fn clear_up(&mut self, service: &Service) {
        let (token, is_new) = self.passwords.sign_in(service).await;
        let (before, last) =
            (std::mem::replace(&mut self.first, token.clone()), std::mem::replace(&mut self.token, token));
        if is_new {
            eventually(async || answered(service, REFRESH, &body(&last)).await.0 == 401).await;
            self.ended.push(before);
        } else {
            assert_eq!(answered(service, REFRESH, &body(&last)).await.0, 200, "{} lost a session", self.email);
        }
    }

    /// Presents a token whose successor was used: it ends the session.
    pub async fn present_a_spent_token(&mut self, service: &Service) {
        let (_, answer) = answered(service, REFRESH, &body(&self.token)).await;
        let (_, answer) = answered(service, REFRESH, &body(&token(&answer))).await;
        refused(service, &self.first, "refresh_token_reused").await;
        refused(service, &token(&answer), "refresh_token_invalid").await;
        self.sign_in(service).await;
    }

    /// No session that ended has come back, and no password.
    pub async fn stays_out(&self, service: &Service) {
        for token in &self.ended {
            refused(service, token, "refresh_token_invalid").await;
        }
        self.passwords.stay_spent(service).await;
    }
}

/// The answer of a service that runs, as soon as its store does.
pub async fn answered(service: &Service, path: &str, body: &Value) -> (u16, Value) {
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

/// The refresh token of an answer.
#[track_caller]
pub fn token(answer: &Value) -> String {
    answer["refresh_token"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
}
