//! A sibling service, as far as what it trusts: the real interceptor's, over all replicas.

use std::time::Duration;

use sekisho::{
    clock::{Clock, SystemClock},
    proto::sekisho::v1::{IssueServiceTokenRequest, token_service_client::TokenServiceClient},
};
use sekisho_interceptor::{Claims, KeySource, RevocationSource, Trust, Verifier, VerifyingKey};
use tokio::time::timeout;
use tonic::transport::{Channel, Endpoint};

use super::Caller;
use crate::support::{eventually, feed::reason};

/// A busy machine is no fault.
const PATIENCE: Duration = Duration::from_secs(60);

/// See the module.
pub struct Sibling {
    trust: Trust,
    verifier: Verifier,
}

impl Sibling {
    /// One that follows whichever replica answers.
    pub async fn beside(endpoints: &[Endpoint], name: &str, secret: &str) -> Self {
        Self::that_knows(endpoints, name, secret, Vec::new()).await
    }

    /// The same, which was given keys.
    pub async fn that_knows(endpoints: &[Endpoint], name: &str, secret: &str, keys: Vec<VerifyingKey>) -> Self {
        let issuer =
            Trust::over(Channel::balance_list(endpoints.iter().cloned())).client(name, secret).pinned_keys(keys);
        let trust = issuer.backoff(Duration::from_millis(20), Duration::from_millis(200)).start().unwrap();
        trust.ready(PATIENCE).await.unwrap();
        Self { trust, verifier: Verifier::new("https://auth.example.com", "example") }
    }

    /// What comes of a service's wish for a token: nothing, or the reason.
    pub async fn ask_for_a_token(endpoints: &[Endpoint], name: &str, secret: &str) -> Result<(), String> {
        let request =
            IssueServiceTokenRequest { client_id: name.to_owned(), client_secret: secret.to_owned(), scope: None };
        let send = |channel: Channel, request| async move {
            TokenServiceClient::new(channel).issue_service_token(request).await
        };
        let answer = Caller::of(endpoints).ask("", request, send).await;
        answer.map(drop).map_err(|status| reason(&status))
    }

    /// That it lets a token in, at once.
    pub fn lets_in(&self, access: &str) {
        assert!(!self.trust.strikes(&self.claims(access)), "a token that nobody took back");
    }

    /// That it lets a token in, as soon as it has heard of the key.
    pub async fn learns(&self, access: &str) {
        eventually(async || self.verifies(access)).await;
        self.lets_in(access);
    }

    /// Whether a token is of a key that it trusts.
    pub fn verifies(&self, access: &str) -> bool {
        self.verifier.verify(access, &self.trust.keys(), SystemClock.now().seconds()).is_ok()
    }

    /// That it lets a token in no more, as soon as it has heard of that.
    pub async fn refuses(&self, access: &str) {
        let (claims, mut changes) = (self.claims(access), self.trust.changes());
        while !self.trust.strikes(&claims) {
            timeout(PATIENCE, changes.changed()).await.expect("a revocation that was missed").unwrap();
        }
    }

    fn claims(&self, access: &str) -> Claims {
        let now = SystemClock.now().seconds();
        self.verifier.verify(access, &self.trust.keys(), now).expect("a token of the issuer's")
    }
}
