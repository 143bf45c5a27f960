//! People who are signed in at a service, and what they ask it.

use std::sync::Arc;

use sekisho::{
    clock::{Clock, SystemClock},
    crypto::{RefreshToken, Secrets},
    domain::Session,
    proto::sekisho::v1::{LogoutRequest, RefreshTokenRequest, auth_service_client::AuthServiceClient},
    storage::{Stores, sessions::SessionLimit},
};
use tonic::transport::{Channel, Endpoint};
use tonic_types::StatusExt;

use crate::{Outcome, people::session};

const ATTEMPTS: u32 = 5;

/// One of them, on one device.
#[derive(Clone)]
pub(crate) struct SignedIn {
    client: AuthServiceClient<Channel>,
    secrets: Arc<Secrets>,
    pub(crate) session: Session,
}

/// A connection on which streams and calls do not wait for more to send.
pub(crate) async fn connect(url: &str) -> Outcome<Channel> {
    Ok(Endpoint::from_shared(url.to_owned())?.tcp_nodelay(true).connect().await?)
}

impl SignedIn {
    /// Signs somebody in, without the cost of a login.
    pub(crate) async fn open(stores: &Stores, channel: Channel, secrets: Arc<Secrets>, person: u64) -> Outcome<Self> {
        Self::with(stores, channel, secrets, session(person, 0, SystemClock.now())?).await
    }

    /// The same with a session of the caller's making.
    pub(crate) async fn with(
        stores: &Stores,
        channel: Channel,
        secrets: Arc<Secrets>,
        session: Session,
    ) -> Outcome<Self> {
        stores.sessions.open(&session, SessionLimit::Unlimited, SystemClock.now()).await?;
        Ok(Self { client: AuthServiceClient::new(channel), secrets, session })
    }

    /// The refresh token that is due. The bare handler makes none, so that all make
    /// their own, of every service, and see whether it answers with the same.
    pub(crate) fn token(&self) -> Outcome<String> {
        Ok(RefreshToken::issue(&self.secrets, &self.session).ok_or("no key")?.expose())
    }

    pub(crate) fn client_id(&self) -> String {
        self.session.client_id.as_str().to_owned()
    }

    /// A new access token; the refresh token is the next from here on.
    pub(crate) async fn refresh(&mut self) -> Outcome<String> {
        let presented = self.token()?;
        let request = RefreshTokenRequest { refresh_token: presented.clone(), client_id: self.client_id() };
        let answer = self.client.refresh_token(request).await?.into_inner();
        self.session.chain.generation += 1;
        // The bare handler gives back what it was given.
        if answer.refresh_token != self.token()? && answer.refresh_token != presented {
            return Err("a token that is not the successor".into());
        }
        Ok(answer.access_token)
    }

    /// Signs out: it is acknowledged when this returns. How often a busy server had to
    /// be asked again.
    pub(crate) async fn log_out(&mut self) -> Outcome<u32> {
        let request = LogoutRequest { refresh_token: self.token()?, client_id: self.client_id() };
        let mut again = 0;
        loop {
            match self.client.logout(request.clone()).await {
                Ok(_) => return Ok(again),
                Err(status) => match status.get_details_retry_info().and_then(|info| info.retry_delay) {
                    Some(delay) if again < ATTEMPTS => tokio::time::sleep(delay).await,
                    _ => return Err(status.into()),
                },
            }
            again += 1;
        }
    }
}
