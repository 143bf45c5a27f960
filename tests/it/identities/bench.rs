//! A service with a certificate that asks its callers for theirs.

use std::net::SocketAddr;

use sekisho::{
    domain::{Event, EventKind, Origin, SpiffeId, service::ServiceName},
    proto::sekisho::v1::{
        self as pb, IntrospectRequest, IssueServiceTokenRequest, WatchRevocationsRequest,
        token_service_client::TokenServiceClient,
    },
};
use tonic::{
    Response, Status,
    transport::{Certificate, Channel, ClientTlsConfig, Identity},
};

use crate::{
    support::{TestApp, app::with_bearer},
    transport::authority::{Authority, Files, Issued},
};

pub const ORDERS: &str = "spiffe://example.org/ns/shop/sa/orders";
pub const STOCK: &str = "spiffe://example.org/ns/shop/sa/stock";
pub const SCOPES: &str = "revocations:read tokens:introspect";

pub struct Bench {
    pub app: TestApp,
    pub servers: Authority,
    pub clients: Authority,
    _files: Files,
}

type Tokens = TokenServiceClient<Channel>;

impl Bench {
    /// Where a certificate may be shown.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
        let files = Files::of(&servers.issue(&["localhost"]));
        let authority = files.write("ca.crt", &clients.pem());
        let own = files.settings();
        let mut all: Vec<_> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
        all.push(("SEKISHO_TLS_CLIENT_CA", authority.to_str().unwrap()));
        all.push(("SEKISHO_TLS_CLIENT_AUTH", "optional"));
        all.extend(settings);
        let app = TestApp::with(&all).await;
        Self { app, servers, clients, _files: files }
    }

    /// A service, and a name of its certificates; its secret.
    pub async fn service(&self, name: &str, scopes: &str, id: &str) -> String {
        let secret = self.app.service(name, scopes).await;
        assert!(self.name(name, id).await);
        secret
    }

    /// Gives a service another name of its certificates.
    pub async fn name(&self, service: &str, id: &str) -> bool {
        let ctx = &self.app.app.ctx;
        let account =
            ctx.stores.service_accounts.by_name(&ServiceName::parse(service).unwrap()).await.unwrap().unwrap();
        let event = Event::new(ctx.now(), EventKind::ServiceIdentityAdded, &Origin::default());
        ctx.stores.service_identities.add(account.id, &SpiffeId::parse(id).unwrap(), &event).await.unwrap()
    }

    /// Takes it away; whether the service had it.
    pub async fn unname(&self, service: &str, id: &str) -> bool {
        let ctx = &self.app.app.ctx;
        let account =
            ctx.stores.service_accounts.by_name(&ServiceName::parse(service).unwrap()).await.unwrap().unwrap();
        let event = Event::new(ctx.now(), EventKind::ServiceIdentityRemoved, &Origin::default());
        ctx.stores.service_identities.remove(account.id, &SpiffeId::parse(id).unwrap(), &event).await.unwrap()
    }

    /// How often that happened.
    pub async fn counted(&self, kind: &str) -> u64 {
        let metrics = self.app.ops_text("/metrics").await;
        let line = format!("sekisho_events_total{{kind=\"{kind}\"}} ");
        metrics.lines().find_map(|text| text.strip_prefix(&line)?.parse().ok()).unwrap_or(0)
    }

    /// A certificate of a workload.
    pub fn workload(&self, id: &str) -> Issued {
        self.clients.issue_spiffe(id, &[])
    }

    /// A client that shows a certificate, or none.
    pub async fn client(&self, shows: Option<&Issued>) -> Tokens {
        self.try_client(shows).await.unwrap()
    }

    pub async fn try_client(&self, shows: Option<&Issued>) -> Result<Tokens, tonic::transport::Error> {
        self.channel(self.app.app.listen, shows).await.map(TokenServiceClient::new)
    }

    /// To a listener.
    pub async fn channel(
        &self,
        listener: SocketAddr,
        shows: Option<&Issued>,
    ) -> Result<Channel, tonic::transport::Error> {
        let mut tls =
            ClientTlsConfig::new().ca_certificate(Certificate::from_pem(self.servers.pem())).domain_name("localhost");
        if let Some(issued) = shows {
            tls = tls.identity(Identity::from_pem(&issued.certificate, &issued.key));
        }
        let address = format!("https://{listener}");
        Channel::from_shared(address).unwrap().tls_config(tls).unwrap().connect().await
    }

    /// Asks about a token that is none, by whatever certificate; and whether it may.
    pub async fn asks(&self, shows: Option<&Issued>) -> Result<(), Status> {
        introspect(&mut self.client(shows).await, None).await
    }
}

/// Whether a caller may ask about tokens.
pub async fn introspect(client: &mut Tokens, bearer: Option<&str>) -> Result<(), Status> {
    let message = IntrospectRequest { token: "no token".to_owned() };
    let request = match bearer {
        Some(access) => with_bearer(message, access),
        None => tonic::Request::new(message),
    };
    let answer = client.introspect(request).await.map(Response::into_inner)?;
    assert!(!answer.active);
    Ok(())
}

/// Follows the feed.
pub async fn watch(client: &mut Tokens) -> Result<tonic::Streaming<pb::WatchRevocationsResponse>, Status> {
    let request = WatchRevocationsRequest { cursor: None, subscriber: "orders-1".to_owned() };
    client.watch_revocations(request).await.map(Response::into_inner)
}

/// Asks for a token.
pub async fn issue(
    client: &mut Tokens,
    client_id: &str,
    client_secret: &str,
    scope: Option<&str>,
) -> Result<pb::IssueServiceTokenResponse, Status> {
    let request = IssueServiceTokenRequest {
        client_id: client_id.to_owned(),
        client_secret: client_secret.to_owned(),
        scope: scope.map(str::to_owned),
    };
    client.issue_service_token(request).await.map(Response::into_inner)
}
