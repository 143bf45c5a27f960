//! What a service proves itself with to the issuer.

use std::{pin::Pin, sync::Arc, time::Duration};

use tokio::{sync::Mutex, time::Instant};
use tonic::{Code, Request, Status, metadata::MetadataValue, transport::Channel};
use zeroize::Zeroizing;

use crate::{
    backoff::Randomness,
    freshness::Unavailable,
    proto::{IssueServiceTokenRequest, token_service_client::TokenServiceClient},
};

const PATIENCE: Duration = Duration::from_secs(5);
/// The part of a token's life after which another is asked for.
const RENEW_AT: f64 = 0.7;

/// Gives the access token of this service, for services that have one by other means.
///
/// ```
/// use sekisho_interceptor::{ProvidedToken, TokenProvider};
///
/// /// Tokens that somebody else keeps fresh in a file.
/// struct FromFile;
///
/// impl TokenProvider for FromFile {
///     fn token(&self) -> ProvidedToken {
///         Box::pin(async {
///             let token = std::fs::read_to_string("/var/run/token");
///             token.map_err(|_| sekisho_interceptor::Unavailable)
///         })
///     }
/// }
/// ```
pub trait TokenProvider: Send + Sync {
    /// A token that is good now. Asked for each stream and each introspection.
    fn token(&self) -> ProvidedToken;
}

/// The answer to come of a [`TokenProvider`].
pub type ProvidedToken = Pin<Box<dyn Future<Output = Result<String, Unavailable>> + Send>>;

/// Has no `Debug`: it holds a secret.
pub(crate) enum Credentials {
    Nothing,
    Secret { client_id: String, secret: Zeroizing<String>, held: Mutex<Option<Held>> },
    Provided(Arc<dyn TokenProvider>),
}

#[derive(Clone)]
pub(crate) struct Held {
    token: Zeroizing<String>,
    renew_at: Instant,
    ends_at: Instant,
}

/// A token to send, and when to come back with another.
pub(crate) struct Bearer {
    token: Option<Zeroizing<String>>,
    pub(crate) renew_at: Option<Instant>,
}

impl Bearer {
    pub(crate) fn request<M>(&self, message: M) -> Result<Request<M>, Status> {
        let mut request = Request::new(message);
        if let Some(token) = &self.token {
            let value = Zeroizing::new(format!("Bearer {}", token.as_str()));
            let mut value =
                MetadataValue::try_from(value.as_str()).map_err(|_| Status::unauthenticated("not a token"))?;
            value.set_sensitive(true);
            request.metadata_mut().insert("authorization", value);
        }
        Ok(request)
    }
}

impl Credentials {
    pub(crate) async fn bearer(&self, channel: &Channel, random: &Randomness) -> Result<Bearer, Status> {
        match self {
            Self::Nothing => Ok(Bearer { token: None, renew_at: None }),
            Self::Provided(provider) => {
                let token = provider.token().await.map_err(|error| Status::unavailable(error.to_string()))?;
                Ok(Bearer { token: Some(Zeroizing::new(token)), renew_at: None })
            }
            Self::Secret { client_id, secret, held } => {
                // Whoever else needs a token meanwhile waits for this one.
                let mut held = held.lock().await;
                let now = Instant::now();
                if held.as_ref().is_none_or(|held| now >= held.renew_at) {
                    match issue(channel, client_id, secret, random).await {
                        Ok(issued) => *held = Some(issued),
                        // The old one will do for as long as it lives.
                        Err(_) if held.as_ref().is_some_and(|held| now < held.ends_at) => {}
                        Err(status) => return Err(status),
                    }
                }
                let held = held.clone().ok_or_else(|| Status::unavailable("no token"))?;
                let renew_at = if now < held.renew_at { held.renew_at } else { held.ends_at };
                Ok(Bearer { token: Some(held.token), renew_at: Some(renew_at) })
            }
        }
    }

    /// The issuer did not take the token.
    pub(crate) async fn refused(&self, status: &Status) {
        if let (Self::Secret { held, .. }, Code::Unauthenticated) = (self, status.code()) {
            *held.lock().await = None;
        }
    }
}

async fn issue(channel: &Channel, client_id: &str, secret: &str, random: &Randomness) -> Result<Held, Status> {
    let mut request = Request::new(IssueServiceTokenRequest {
        client_id: client_id.to_owned(),
        client_secret: secret.to_owned(),
        scope: None,
    });
    request.set_timeout(PATIENCE);
    let asked = Instant::now();
    let mut client = TokenServiceClient::new(channel.clone());
    let answer = tokio::time::timeout(PATIENCE, client.issue_service_token(request));
    let issued = answer.await.map_err(|_| Status::deadline_exceeded("no service token in time"))??.into_inner();
    let life = Duration::from_secs(issued.expires_in.into());
    // Up to a tenth earlier, so that services that started together do not renew together.
    let early = 1.0 - 0.1 * random().clamp(0.0, 1.0);
    Ok(Held {
        token: Zeroizing::new(issued.access_token),
        renew_at: asked + life.mul_f64(RENEW_AT * early),
        ends_at: asked + life,
    })
}
