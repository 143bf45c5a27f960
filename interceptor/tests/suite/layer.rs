//! The layer around a service that says who it saw.
#![expect(clippy::unwrap_used, reason = "a failure to set a test up is a failed test")]

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use http::{Request, Response};
use sekisho_interceptor::AuthBody;
use sekisho_interceptor::{AuthLayer, Cause, Claims, KeySet, KeySource, PolicySet, Refusal, Renderer};
use tonic::{Code, Status, body::Body};
use tonic_types::StatusExt;
use tower::{Layer, ServiceExt, service_fn};
use uuid::Uuid;

use crate::{
    policy::descriptors,
    support::{Issuer, NOW, claims, proven_at, verifier},
};

pub(crate) fn layer(keys: Arc<dyn KeySource>) -> AuthLayer {
    let policy =
        PolicySet::from_descriptors(&descriptors(), &["shop.v1.Orders"]).unwrap().allow_public("grpc.health.v1.Health");
    AuthLayer::new(verifier(), keys, Arc::new(policy), Arc::new(|| NOW))
}

/// What the layer did with a request.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    /// The service was called, by this person if any.
    Reached(Option<Uuid>),
    /// Reason, code and challenge.
    Refused(String, Code, Option<String>),
}

pub(crate) fn refused(refusal: Refusal) -> Outcome {
    let challenge = refusal.www_authenticate().map(Into::into);
    Outcome::Refused(refusal.reason().to_owned(), refusal.code(), challenge)
}

pub(crate) async fn call(layer: &AuthLayer, request: Request<()>) -> Outcome {
    let seen = Arc::new(Mutex::new(None));
    let service = layer.layer(service_fn(|request: Request<()>| {
        let caller = request.extensions().get::<Arc<Claims>>().map(|claims| claims.sub);
        let forged = request.extensions().get::<Claims>().is_some();
        assert!(!forged, "a bare Claims extension reached the service");
        *seen.lock().unwrap() = Some(caller);
        async { Ok::<_, Infallible>(Response::new(Body::empty())) }
    }));
    let response = service.oneshot(request).await.unwrap();
    match seen.lock().unwrap().take() {
        Some(caller) => Outcome::Reached(caller),
        None => outcome(&response),
    }
}

fn outcome(response: &Response<AuthBody<Body>>) -> Outcome {
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/grpc");
    let status = Status::from_header_map(response.headers()).unwrap();
    let info = status.get_details_error_info().unwrap();
    assert_eq!(info.domain, "sekisho");
    let challenge = response.headers().get("www-authenticate");
    let challenge = challenge.map(|value| value.to_str().unwrap().to_owned());
    Outcome::Refused(info.reason, status.code(), challenge)
}

pub(crate) fn request(path: &str, token: Option<&str>) -> Request<()> {
    let mut request = Request::builder().uri(path).header("content-type", "application/grpc");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    request.body(()).unwrap()
}

/// A call of `/shop.v1.Orders/{method}` by someone with these claims.
async fn call_as(method: &str, given: &Claims) -> Outcome {
    let issuer = Issuer::ed25519();
    let layer = layer(Arc::new(Arc::new(issuer.keys())));
    let path = format!("/shop.v1.Orders/{method}");
    call(&layer, request(&path, Some(&issuer.issue(given)))).await
}

async fn call_without_keys(request: Request<()>) -> Outcome {
    call(&layer(Arc::new(Arc::new(KeySet::default()))), request).await
}

#[tokio::test]
async fn a_good_token_reaches_the_service_with_its_claims() {
    assert_eq!(call_as("List", &claims()).await, Outcome::Reached(Some(claims().sub)));
}

#[tokio::test]
async fn h1_no_token_is_refused_with_a_bare_challenge() {
    let seen = call_without_keys(request("/shop.v1.Orders/List", None)).await;
    assert_eq!(seen, refused(Refusal::Missing));
    let bare = Some("Bearer".to_owned());
    assert_eq!(seen, Outcome::Refused("UNAUTHORIZED".to_owned(), Code::Unauthenticated, bare));
}

#[tokio::test]
async fn a_bad_token_is_refused() {
    let seen = call_without_keys(request("/shop.v1.Orders/List", Some("a.b.c"))).await;
    assert_eq!(seen, refused(Refusal::Invalid(Cause::Malformed)));
}

#[tokio::test]
async fn h2_two_tokens_are_refused() {
    let issuer = Issuer::ed25519();
    let mut twice = request("/shop.v1.Orders/List", Some(&issuer.good()));
    let value = twice.headers()["authorization"].clone();
    twice.headers_mut().append("authorization", value);
    let seen = call(&layer(Arc::new(Arc::new(issuer.keys()))), twice).await;
    assert_eq!(seen, refused(Refusal::Invalid(Cause::MultipleCredentials)));
}

#[tokio::test]
async fn h4_a_token_in_the_query_is_not_looked_at() {
    let issuer = Issuer::ed25519();
    let path = format!("/shop.v1.Orders/List?access_token={}", issuer.good());
    let seen = call(&layer(Arc::new(Arc::new(issuer.keys()))), request(&path, None)).await;
    assert_eq!(seen, refused(Refusal::Missing));
}

#[tokio::test]
async fn h45_an_expired_token_is_refused() {
    let old = proven_at(NOW - 905, Claims { exp: NOW - 5, iat: NOW - 905, nbf: NOW - 905, ..claims() });
    assert_eq!(call_as("List", &old).await, refused(Refusal::Expired));
}

#[tokio::test]
async fn h49_h50_a_scope_too_few_is_denied() {
    for scope in [None, Some("orders:readx"), Some("orders:write")] {
        let lacking = Claims { scope: scope.map(str::to_owned), ..claims() };
        assert_eq!(call_as("List", &lacking).await, refused(Refusal::Denied), "{scope:?}");
    }
}

#[tokio::test]
async fn h50_a_role_too_few_is_denied() {
    assert_eq!(call_as("Refund", &claims()).await, refused(Refusal::Denied));
}

#[tokio::test]
async fn h52_a_service_is_denied_what_is_for_people() {
    let service = Claims { person: None, ..claims() };
    assert_eq!(call_as("List", &service).await, refused(Refusal::Denied));
}

#[tokio::test]
async fn h51_an_old_proof_asks_for_a_new_one() {
    let old = proven_at(NOW - 301, claims());
    let seen = call_as("Cancel", &old).await;
    assert_eq!(seen, refused(Refusal::StepUp { max_auth_age: 300 }));
}

#[tokio::test]
async fn h9_public_methods_take_anything_for_a_token() {
    for path in ["/shop.v1.Orders/Browse", "/grpc.health.v1.Health/Check"] {
        for token in [None, Some("nonsense")] {
            let seen = call_without_keys(request(path, token)).await;
            assert_eq!(seen, Outcome::Reached(None), "{path}");
        }
    }
}

#[tokio::test]
async fn h8_a_path_without_a_policy_is_nobodys() {
    let issuer = Issuer::ed25519();
    let layer = layer(Arc::new(Arc::new(issuer.keys())));
    for path in ["/shop.v1.Orders/Unlisted", "//shop.v1.Orders/List", "/shop.v1.Orders/%4cist", "/"] {
        let seen = call(&layer, request(path, Some(&issuer.good()))).await;
        assert_eq!(seen, refused(Refusal::NoPolicy), "{path}");
    }
}

#[tokio::test]
async fn h7_claims_that_came_along_are_removed() {
    let mut forged = request("/shop.v1.Orders/Browse", None);
    forged.extensions_mut().insert(Arc::new(claims()));
    forged.extensions_mut().insert(claims());
    assert_eq!(call_without_keys(forged).await, Outcome::Reached(None));
}

#[tokio::test]
async fn keys_are_asked_for_each_request() {
    struct Rotating(Mutex<Arc<KeySet>>);
    impl KeySource for Rotating {
        fn keys(&self) -> Arc<KeySet> {
            Arc::clone(&self.0.lock().unwrap())
        }
    }
    let (old, new) = (Issuer::ed25519(), Issuer::ed25519());
    let source = Arc::new(Rotating(Mutex::new(Arc::new(old.keys()))));
    let layer = layer(Arc::clone(&source) as Arc<dyn KeySource>);
    let good = Outcome::Reached(Some(claims().sub));
    let list = |issuer: &Issuer| request("/shop.v1.Orders/List", Some(&issuer.good()));
    assert_eq!(call(&layer, list(&old)).await, good);
    *source.0.lock().unwrap() = Arc::new(new.keys());
    assert_eq!(call(&layer, list(&new)).await, good);
    assert_eq!(call(&layer, list(&old)).await, refused(Refusal::Invalid(Cause::Signature)));
}

#[tokio::test]
async fn the_renderer_sees_the_cause_and_the_request() {
    let seen = Arc::new(Mutex::new(None));
    let log = Arc::clone(&seen);
    let render: Renderer = Arc::new(move |refusal, request| {
        *log.lock().unwrap() = Some((*refusal, request.uri.path().to_owned()));
        Refusal::NoPolicy.status()
    });
    let layer = layer(Arc::new(Arc::new(KeySet::default()))).refuse_with(render);
    let answer = call(&layer, request("/shop.v1.Orders/List", Some("a"))).await;
    assert_eq!(answer, refused(Refusal::NoPolicy));
    let expected = (Refusal::Invalid(Cause::Malformed), "/shop.v1.Orders/List".to_owned());
    assert_eq!(seen.lock().unwrap().take(), Some(expected));
}
