//! A sibling service, as far as its guard: the crate's layer before a handler that
//! says yes. It runs in this process, and so not in the server's.

use std::{convert::Infallible, sync::Arc, time::Duration};

use http::{Request, Response};
use sekisho_interceptor::{Access, AuthLayer, PolicySet, RevocationSource, Trust, Verifier, system_clock};
use tokio::time::timeout;
use tower::{Layer, Service, ServiceExt, util::BoxCloneService};

use crate::{
    Outcome,
    stack::{AUDIENCE, ISSUER},
};

const PATH: &str = "/shop.v1.Orders/List";
const PATIENCE: Duration = Duration::from_secs(30);

type Guarded = BoxCloneService<Request<()>, Response<tonic::body::Body>, tower::BoxError>;

pub(crate) struct Sibling {
    trust: Arc<Trust>,
    guarded: Guarded,
}

impl Sibling {
    /// One that follows the feed of a server, and has all of it.
    pub(crate) async fn beside(server: &str, client_id: &str, secret: &str) -> Outcome<Self> {
        let trust = Arc::new(Trust::at(server).client(client_id, secret).start()?);
        trust.ready(PATIENCE).await?;
        let policy = PolicySet::default().route("POST", PATH, Access::default())?;
        let layer = AuthLayer::new(Verifier::new(ISSUER, AUDIENCE), trust.clone(), Arc::new(policy), system_clock())
            .revocations(trust.clone());
        let handler =
            tower::service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(tonic::body::Body::empty())));
        let guarded = layer.layer(handler).map_response(|answer| answer.map(tonic::body::Body::new));
        Ok(Self { trust, guarded: BoxCloneService::new(guarded.map_err(Into::into)) })
    }

    /// Whether a call with this token is let in.
    pub(crate) async fn lets_in(&mut self, access_token: &str) -> Outcome<bool> {
        let request = Request::post(PATH)
            .header("content-type", "application/grpc")
            .header("authorization", format!("Bearer {access_token}"))
            .body(())?;
        let answer = self.guarded.ready().await?.call(request).await?;
        Ok(!answer.headers().contains_key("grpc-status"))
    }

    /// Waits until it lets this token in no more.
    pub(crate) async fn refuses(&mut self, access_token: &str) -> Outcome<()> {
        let mut changes = self.trust.changes();
        while self.lets_in(access_token).await? {
            timeout(PATIENCE, changes.changed()).await.map_err(|_| "a token is still let in")??;
        }
        Ok(())
    }
}
