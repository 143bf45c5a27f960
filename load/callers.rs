//! Callers who refresh: each has a session of its own, and calls again as soon
//! as it is answered.

use std::{sync::Arc, time::Duration};

use sekisho::{
    crypto::{RefreshToken, Secrets},
    domain::Session,
    proto::sekisho::v1::{RefreshTokenRequest, auth_service_client::AuthServiceClient},
};
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::Instant};
use tonic::transport::Channel;

use crate::{Outcome, figures::Figures};

/// One who refreshes.
pub(crate) enum Caller {
    /// Over gRPC.
    Grpc(Box<GrpcCaller>),
    /// Over REST, at the textbook service.
    Textbook(TextbookCaller),
}

pub(crate) struct GrpcCaller {
    pub(crate) client: AuthServiceClient<Channel>,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) session: Session,
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
            Self::Grpc(caller) => caller.refresh().await,
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

impl GrpcCaller {
    /// The bare handler makes no refresh tokens, so that callers make their own,
    /// of every service, and see whether it answered with the same.
    fn token(&self) -> Outcome<String> {
        Ok(RefreshToken::issue(&self.secrets, &self.session).ok_or("no key")?.expose())
    }

    async fn refresh(&mut self) -> Outcome<()> {
        let presented = self.token()?;
        let request = RefreshTokenRequest {
            refresh_token: presented.clone(),
            client_id: self.session.client_id.as_str().to_owned(),
        };
        let answer = self.client.refresh_token(request).await?.into_inner();
        self.session.chain.generation += 1;
        // The bare handler gives back what it was given.
        if answer.refresh_token != self.token()? && answer.refresh_token != presented {
            return Err("a token that is not the successor".into());
        }
        Ok(())
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
