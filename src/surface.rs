//! One port for gRPC, gRPC-Web and REST: what each needs of a request is read
//! here once, and the content type decides who answers.

mod browser;
mod context;
mod cors;
mod dispatch;
mod example_app;
mod forwarded;
mod proxies;
mod traced;

use std::sync::Arc;

use axum::body::Body;
use prost_reflect::DescriptorPool;
use tonic_web::GrpcWebLayer;
use tower::{
    BoxError, Layer,
    util::{BoxCloneSyncService, MapResponseLayer},
};

pub use context::ContextLayer;
use cors::Origins;
use dispatch::Dispatch;
use example_app::ExampleApp;
pub use proxies::Proxies;
use traced::TracedLayer;

use crate::{
    config::{Config, Mode},
    entropy::Entropy,
    grpc::Rpcs,
    proto::DESCRIPTORS,
    rest::{RefreshCookie, Transcoder},
    telemetry::{CallCounts, traces},
};

/// Everything that the public port answers.
pub type Public = BoxCloneSyncService<http::Request<Body>, http::Response<Body>, std::convert::Infallible>;

/// Puts the three surfaces over the same RPCs.
pub fn public(rpcs: Rpcs, counts: CallCounts, entropy: Arc<dyn Entropy>, config: &Config) -> Result<Public, BoxError> {
    let pool = DescriptorPool::decode(DESCRIPTORS)?;
    let origins = Origins::new(&config.web.allowed_origins)?;
    let transcoder = Transcoder::new(pool, rpcs.clone())?.counted(counts);
    let rest = if config.web.refresh_cookie {
        let cookie = RefreshCookie::lasting(config.sessions.idle);
        origins.layer_with_cookies().layer(transcoder.with_cookie(cookie))
    } else {
        origins.layer().layer(transcoder)
    };
    // Browsers speak no other gRPC than gRPC-Web.
    let web = origins.layer().layer(GrpcWebLayer::new().layer(rpcs.clone()));
    let is_secure = config.transport.is_secure;
    let web = MapResponseLayer::new(move |response| protected(response, is_secure)).layer(web);
    let rest = MapResponseLayer::new(move |response| protected(response, is_secure)).layer(rest);
    let app = (config.mode == Mode::Dev).then_some(ExampleApp { is_secure });
    let surfaces = Dispatch::new(rpcs, web, rest, app);
    let context = ContextLayer::new(entropy, Proxies::new(&config.web.trusted_proxies), config.transport.call_timeout);
    // Without traces the path of a call is as if there were no such thing.
    Ok(match config.traces.as_ref().filter(|_| traces::is_on()) {
        Some(rules) => BoxCloneSyncService::new(context.layer(TracedLayer::new(&rules.trust)?.layer(surfaces))),
        None => BoxCloneSyncService::new(context.layer(surfaces)),
    })
}

fn protected<B>(mut response: http::Response<B>, is_secure: bool) -> http::Response<B> {
    browser::protect(response.headers_mut(), is_secure);
    response
}
