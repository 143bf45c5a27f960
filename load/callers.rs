//! Callers who refresh: each has a session of its own, and calls again as soon
//! as it is answered.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{task::JoinSet, time::Instant};

use crate::{Outcome, figures::Figures, signed_in::SignedIn};

/// One who refreshes.
pub(crate) enum Caller {
    /// Over gRPC.
    Grpc(Box<SignedIn>),
    /// Over REST, at the textbook service.
    Textbook(TextbookCaller),
}

pub(crate) struct TextbookCaller {
    pub(crate) client: reqwest::Client,
    pub(crate) url: String,
    pub(crate) client_id: String,
    pub(crate) token: String,
}

impl Caller {
    /// Exchanges its token for the next.
    async fn refresh(&mut self) -> Outcome<()> {
        match self {
            Self::Grpc(caller) => caller.refresh().await.map(drop),
            Self::Textbook(caller) => caller.refresh().await,
        }
    }

    async fn refresh_until(mut self, end: Instant) -> Outcome<(Self, Vec<Duration>)> {
        let mut latencies = Vec::new();
        loop {
            let start = Instant::now();
            self.refresh().await?;
            let now = Instant::now();
            if now > end {
                return Ok((self, latencies));
            }
            latencies.push(now - start);
        }
    }
}

impl TextbookCaller {
    async fn refresh(&mut self) -> Outcome<()> {
        let body = json!({"refresh_token": self.token, "client_id": self.client_id});
        let answer = self.client.post(format!("{}/refresh", self.url)).json(&body).send().await?.error_for_status()?;
        let answer: Value = answer.json().await?;
        self.token = answer["refresh_token"].as_str().ok_or("no token")?.to_owned();
        Ok(())
    }
}

/// Lets callers refresh for a time, and gives them back.
pub(crate) async fn for_a_time(callers: Vec<Caller>, time: Duration) -> Outcome<(Vec<Caller>, Figures)> {
    let end = Instant::now() + time;
    let (mut running, mut latencies) = (JoinSet::new(), Vec::new());
    for caller in callers {
        running.spawn(caller.refresh_until(end));
    }
    let mut callers = Vec::new();
    while let Some(done) = running.join_next().await {
        let (caller, its) = done??;
        callers.push(caller);
        latencies.extend(its);
    }
    Ok((callers, Figures::of(latencies, time)))
}

/// Lets each caller refresh so many times.
pub(crate) async fn so_often(callers: Vec<Caller>, times: u32) -> Outcome<Vec<Caller>> {
    let mut running = JoinSet::new();
    for mut caller in callers {
        running.spawn(async move {
            for _ in 0..times {
                caller.refresh().await?;
            }
            Outcome::Ok(caller)
        });
    }
    let mut callers = Vec::new();
    while let Some(done) = running.join_next().await {
        callers.push(done??);
    }
    Ok(callers)
}
