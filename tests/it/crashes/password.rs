//! The password of a client, as far as it knows.

use std::mem;

use serde_json::json;

use super::client::{answered, token};
use crate::support::{app::PASSWORD, process::Service};

const LOGIN: &str = "/api/v1/auth/login";

/// One of these it is; which one is not known while the answer to a reset is missing.
pub struct Passwords {
    email: String,
    /// Oldest first.
    possible: Vec<String>,
    /// What was the password, or would have become it.
    spent: Vec<String>,
    chosen: usize,
}

impl Passwords {
    /// Of a client that has just signed up.
    pub fn new(email: String) -> Self {
        Self { email, possible: vec![PASSWORD.to_owned()], spent: Vec::new(), chosen: 0 }
    }

    /// Another one, which may become it from now on.
    pub fn choose(&mut self) -> String {
        self.chosen += 1;
        let new = format!("correct horse number {}", self.chosen);
        self.possible.push(new.clone());
        new
    }

    /// The last choice was acknowledged.
    pub fn acknowledged(&mut self) {
        let last = self.possible.pop().expect("a choice");
        self.spent.append(&mut self.possible);
        self.possible.push(last);
    }

    /// Whether a reset may have been done without a word.
    pub const fn are_in_doubt(&self) -> bool {
        self.possible.len() > 1
    }

    /// Signs in with the one that works: the token, and whether it is a new one. The
    /// others do not work.
    pub async fn sign_in(&mut self, service: &Service) -> (String, bool) {
        let (mut works, mut is_new) = (None, false);
        for (index, password) in mem::take(&mut self.possible).into_iter().enumerate() {
            if let Some(token) = self.enter(service, &password).await {
                assert!(works.is_none(), "{} has two passwords", self.email);
                (works, is_new) = (Some(token), index > 0);
                self.possible.push(password);
            } else {
                self.spent.push(password);
            }
        }
        if let Some(last) = self.spent.last() {
            assert!(self.enter(service, last).await.is_none(), "{}: {last} came back", self.email);
        }
        (works.unwrap_or_else(|| panic!("{} has no password", self.email)), is_new)
    }

    /// None that was spent has come back.
    pub async fn stay_spent(&self, service: &Service) {
        for password in &self.spent {
            assert!(self.enter(service, password).await.is_none(), "{}: {password} came back", self.email);
        }
    }

    /// The refresh token, if the password is right.
    async fn enter(&self, service: &Service, password: &str) -> Option<String> {
        let body = json!({"email": self.email, "password": password, "client_id": "laptop"});
        let (status, answer) = answered(service, LOGIN, &body).await;
        if status == 200 {
            return Some(token(&answer));
        }
        assert_eq!((status, answer["error"].as_str()), (401, Some("invalid_credentials")), "{answer:?}");
        None
    }
}
