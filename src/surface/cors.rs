//! Which pages' scripts may call: those of exact origins.

use std::{sync::Arc, time::Duration};

use http::{HeaderName, HeaderValue, Method, header};
use tower::BoxError;
use tower_http::cors::{AllowCredentials, AllowOrigin, CorsLayer};

use crate::rest::COOKIE_MODE;

/// How long a browser may keep the answer to a preflight.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// Origins are compared byte for byte with what browsers send.
pub(super) struct Origins(Arc<[HeaderValue]>);

impl Origins {
    pub(super) fn new(origins: &[String]) -> Result<Self, BoxError> {
        Ok(Self(origins.iter().map(|origin| origin.parse()).collect::<Result<_, _>>()?))
    }

    /// Tokens are sent by script, not by the browser: no credentials.
    pub(super) fn layer(&self) -> CorsLayer {
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(self.0.iter().cloned()))
            .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE])
            .allow_headers(accepted())
            .expose_headers([
                header::RETRY_AFTER,
                header::WWW_AUTHENTICATE,
                HeaderName::from_static("grpc-message"),
                HeaderName::from_static("grpc-status"),
                HeaderName::from_static("grpc-status-details-bin"),
                HeaderName::from_static("x-request-id"),
            ])
            .max_age(MAX_AGE)
    }

    /// The browser sends the refresh token, as a cookie.
    pub(super) fn layer_with_cookies(&self) -> CorsLayer {
        let origins = self.0.clone();
        let is_ours = move |origin: &HeaderValue, _: &_| origins.contains(origin);
        let headers: Vec<_> = accepted().into_iter().chain([COOKIE_MODE]).collect();
        self.layer().allow_credentials(AllowCredentials::predicate(is_ours)).allow_headers(headers)
    }
}

fn accepted() -> [HeaderName; 8] {
    [
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        header::ACCEPT_LANGUAGE,
        HeaderName::from_static("grpc-timeout"),
        HeaderName::from_static("traceparent"),
        HeaderName::from_static("x-grpc-web"),
        HeaderName::from_static("x-request-id"),
        HeaderName::from_static("x-user-agent"),
    ]
}
