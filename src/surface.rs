//! One port for gRPC, gRPC-Web and REST: what each needs of a request is read
//! here once, and the content type decides who answers.

mod context;
mod dispatch;

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use http::{HeaderName, HeaderValue, Method, header};
use prost_reflect::DescriptorPool;
use tonic_web::GrpcWebLayer;
use tower::{BoxError, Layer, util::BoxCloneSyncService};
use tower_http::cors::{AllowOrigin, CorsLayer};

pub use context::ContextLayer;
use dispatch::Dispatch;

use crate::{entropy::Entropy, grpc::Rpcs, proto::DESCRIPTORS, rest::Transcoder};

/// Everything that the public port answers.
pub type Public = BoxCloneSyncService<http::Request<Body>, http::Response<Body>, std::convert::Infallible>;

/// Puts the three surfaces over the same RPCs. `time` is the longest that a unary call
/// may take.
pub fn public(
    rpcs: Rpcs,
    entropy: Arc<dyn Entropy>,
    time: Duration,
    allowed_origins: &[String],
) -> Result<Public, BoxError> {
    let pool = DescriptorPool::decode(DESCRIPTORS)?;
    let rest = Transcoder::new(pool, rpcs.clone())?;
    // Browsers speak no other gRPC than gRPC-Web.
    let cors = cors(allowed_origins)?;
    let web = cors.layer(GrpcWebLayer::new().layer(rpcs.clone()));
    let surfaces = Dispatch::new(rpcs, web, cors.layer(rest));
    Ok(BoxCloneSyncService::new(ContextLayer::new(entropy, time).layer(surfaces)))
}

/// Exact origins. Tokens are sent by script, not by the browser: no credentials.
fn cors(allowed_origins: &[String]) -> Result<CorsLayer, BoxError> {
    let origins = allowed_origins.iter().map(|origin| origin.parse()).collect::<Result<Vec<HeaderValue>, _>>()?;
    let ours = |name: &'static str| HeaderName::from_static(name);
    Ok(CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::ACCEPT_LANGUAGE,
            ours("grpc-timeout"),
            ours("traceparent"),
            ours("x-grpc-web"),
            ours("x-request-id"),
            ours("x-user-agent"),
        ])
        .expose_headers([
            header::RETRY_AFTER,
            header::WWW_AUTHENTICATE,
            ours("grpc-message"),
            ours("grpc-status"),
            ours("grpc-status-details-bin"),
            ours("x-request-id"),
        ])
        .max_age(Duration::from_secs(3600)))
}
