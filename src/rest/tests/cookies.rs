use std::{convert::Infallible, time::Duration};

use axum::body::Body;
use http::{Request, Response, StatusCode, header};
use prost_reflect::DescriptorPool;
use tower::{ServiceExt, service_fn};

use crate::{
    error::{Error, Wire},
    proto::DESCRIPTORS,
    rest::{RefreshCookie, Transcoder},
};

/// The answer to a refresh in browser mode, where the RPC answers like that.
async fn refresh(reply: impl Fn() -> Response<tonic::body::Body> + Clone + Send + 'static) -> Response<Body> {
    let upstream = service_fn(move |_: Request<tonic::body::Body>| {
        let reply = reply();
        async move { Ok::<_, Infallible>(reply) }
    });
    let pool = DescriptorPool::decode(DESCRIPTORS).expect("descriptors");
    let transcoder = Transcoder::new(pool, upstream).expect("bindings");
    let request = Request::post("/api/v1/auth/refresh")
        .header("content-type", "application/json")
        .header("x-sekisho-cookie", "1")
        .header("cookie", "__Host-sekisho_refresh=skr_x")
        .body(Body::from(r#"{"client_id":"web"}"#));
    let cookie = RefreshCookie::lasting(Duration::from_secs(60));
    let Ok(response) = transcoder.with_cookie(cookie).oneshot(request.expect("request")).await;
    response
}

#[tokio::test]
async fn only_a_token_that_is_dead_for_sure_takes_its_cookie_along() {
    let errors: [(fn() -> Error, bool); 12] = [
        (|| Error::RefreshTokenInvalid, true),
        (|| Error::RefreshTokenExpired, true),
        (|| Error::RefreshTokenReused, true),
        (|| Error::ClientIdMismatch, false),
        (|| Error::StoreUnavailable("gone".into()), false),
        (|| Error::Overloaded, false),
        (|| Error::RateLimitExceeded { retry_after: Duration::from_secs(1) }, false),
        (|| Error::internal("gone"), false),
        (|| Error::AccountDisabled, false),
        (|| Error::SessionRevoked, false),
        (|| Error::InvalidCredentials, false),
        (|| Error::invalid("client_id", crate::error::Rule::Required), false),
    ];
    for (error, is_dead) in errors {
        let answer = refresh(move || Wire::default().refuse(&error()).into_http()).await;
        assert_eq!(answer.headers().contains_key(header::SET_COOKIE), is_dead, "{}", error());
    }
}

#[tokio::test]
async fn what_breaks_off_leaves_the_cookie() {
    for reply in [|| Response::new(tonic::body::Body::empty()), || tonic::Status::unavailable("").into_http()] {
        let answer = refresh(reply).await;
        assert_ne!(answer.status(), StatusCode::OK);
        assert!(!answer.headers().contains_key(header::SET_COOKIE));
    }
}
