//! The listener for proxies that ask whether to let a request pass.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
};
use tokio::{net::TcpListener, task::JoinHandle, time::timeout};
use tokio_util::sync::CancellationToken;
use tonic::{Status, service::Routes};
use tonic_health::{ServingStatus, server::HealthReporter};
use tower::BoxError;

use super::{DRAIN, World};
use crate::{
    config::Config,
    ctx::Ctx,
    ext_authz::{ExtAuthz, SERVICE, Served},
    proto::ext_authz::envoy::service::auth::v3::authorization_server::AuthorizationServer,
    server::{self, Limits, Manner, Overfull},
    tls::{PeerIdentity, Tls},
};

/// Of proxies, which make few and keep them.
const CONNECTIONS: usize = 1_024;
/// The headers of a request, what the proxy says besides, and room.
const MAX_MESSAGE_BYTES: usize = 256 * 1024;

pub(super) struct AuthzServer {
    pub(super) listen: SocketAddr,
    pub(super) ext_authz: Arc<ExtAuthz>,
    pub(super) server: JoinHandle<()>,
    health: HealthReporter,
}

impl AuthzServer {
    /// `None`: it is not configured.
    pub(super) async fn start(
        config: &Config,
        world: &World,
        ctx: &Arc<Ctx>,
        tls: &Option<Arc<Tls>>,
        stop: &CancellationToken,
    ) -> Result<Option<Self>, BoxError> {
        let Some(authz) = &config.authz else { return Ok(None) };
        let ext_authz = ExtAuthz::load(ctx, &config.transport, &authz.policy);
        let ext_authz = Arc::new(ext_authz.map_err(|faults| faults.join("; "))?);
        let (health, routes) = tonic_health::server::health_reporter();
        health.set_service_status(SERVICE, ServingStatus::Serving).await;
        let service = AuthorizationServer::new(Served(ext_authz.clone())).max_decoding_message_size(MAX_MESSAGE_BYTES);
        let tls = tls.clone().filter(|_| !authz.plaintext);
        let files = config.transport.tls.as_ref();
        let by_certificate = tls.is_some() && files.is_some_and(|files| files.client_ca.is_some());
        let bounds = Bounds { by_certificate, time: config.transport.call_timeout };
        let routes = Routes::new(routes).add_service(service).prepare().into_axum_router();
        let routes = routes.layer(middleware::from_fn(server::end_with_connection));
        let routes = routes.layer(middleware::from_fn_with_state(bounds, bounded));

        let listener = TcpListener::bind(authz.listen).await?;
        let listen = listener.local_addr()?;
        let manner = Manner {
            name: "authz",
            limits: Limits {
                connections: CONNECTIONS,
                age: config.transport.max_age,
                headers: config.transport.header_timeout,
                message: MAX_MESSAGE_BYTES,
                ..Limits::default()
            },
            tls,
            entropy: world.entropy.clone(),
            metrics: ctx.metrics.clone(),
        };
        let server = tokio::spawn(server::serve(listener, routes, manner, stop.clone(), DRAIN));
        Ok(Some(Self { listen, ext_authz, server, health }))
    }

    /// Says that it will stop.
    pub(super) async fn retire(&self) {
        for service in [SERVICE, ""] {
            self.health.set_service_status(service, ServingStatus::NotServing).await;
        }
    }
}

/// What a call on this listener keeps to.
#[derive(Clone, Copy)]
struct Bounds {
    /// Where clients of the public listener may show a certificate, proxies must.
    by_certificate: bool,
    time: Duration,
}

async fn bounded(State(bounds): State<Bounds>, request: Request, next: Next) -> Response {
    let is_known = request.extensions().get::<Arc<PeerIdentity>>().is_some();
    if bounds.by_certificate && !is_known {
        return Status::unauthenticated("a certificate is needed").into_http();
    }
    let overfull = request.extensions().get::<Overfull>().cloned().unwrap_or_default();
    match timeout(bounds.time, next.run(request)).await {
        Ok(_) if overfull.has_happened() => Status::unavailable("too many messages are not whole yet").into_http(),
        Ok(answer) => answer,
        Err(_) => Status::deadline_exceeded("it took too long").into_http(),
    }
}
