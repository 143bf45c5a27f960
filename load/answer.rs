//! What the service answers: done, or refused for a reason.

use std::{collections::BTreeMap, fmt};

use reqwest::RequestBuilder;
use serde_json::Value;
use tonic::{Response, Status};
use tonic_types::StatusExt;

use crate::Outcome;

/// An answer, whatever the surface.
pub(crate) struct Answer {
    /// A reason of `docs/errors.md`, or `DONE`.
    pub(crate) reason: String,
    /// Of a code that was wrong.
    pub(crate) attempts_left: Option<u32>,
}

pub(crate) const DONE: &str = "DONE";

impl Answer {
    /// Sends a request of REST.
    pub(crate) async fn over_rest(request: RequestBuilder) -> Outcome<Self> {
        let answer = request.send().await?;
        let (status, body) = (answer.status(), answer.json::<Value>().await?);
        if status.is_success() {
            return Ok(Self { reason: DONE.to_owned(), attempts_left: None });
        }
        let reason = body["error"].as_str().ok_or("no reason")?.to_ascii_uppercase();
        let attempts_left = body["details"]["attempts_left"].as_str().map(str::parse).transpose()?;
        Ok(Self { reason, attempts_left })
    }

    /// Reads what a client of gRPC was given.
    pub(crate) fn over_grpc<T>(answer: Result<Response<T>, Status>) -> Outcome<Self> {
        let Err(status) = answer else { return Ok(Self { reason: DONE.to_owned(), attempts_left: None }) };
        let Some(info) = status.get_details_error_info() else { return Err(status.into()) };
        let attempts_left = info.metadata.get("attempts_left").map(|left| left.parse()).transpose()?;
        Ok(Self { reason: info.reason, attempts_left })
    }
}

/// How often each reason was given.
#[derive(Default)]
pub(crate) struct Tally(BTreeMap<String, u64>);

impl Tally {
    pub(crate) fn add(&mut self, reason: &str) {
        *self.0.entry(reason.to_owned()).or_default() += 1;
    }

    pub(crate) fn of(&self, reason: &str) -> u64 {
        self.0.get(reason).copied().unwrap_or_default()
    }

    pub(crate) fn all(&self) -> u64 {
        self.0.values().sum()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts: Vec<_> = self.0.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
        f.write_str(&counts.join(", "))
    }
}
