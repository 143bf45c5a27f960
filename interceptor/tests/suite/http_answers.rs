//! The layer around an axum router: routes, JSON refusals, and headers that lie.
#![expect(clippy::unwrap_used, reason = "a failure to set a test up is a failed test")]

use std::{sync::Arc, time::Duration};

use axum::{Router, body::Body, extract::Request, routing::get};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::BodyExt;
use sekisho_interceptor::{Access, AuthLayer, Claims, Event, Freshness, PolicySet, WhenStale};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{
    known::Tally,
    support::{Issuer, NOW, claims, verifier},
};

async fn who(request: Request) -> String {
    let caller = request.extensions().get::<Arc<Claims>>().map(|claims| claims.sub.to_string());
    let mut names: Vec<&str> = request.headers().keys().map(http::HeaderName::as_str).collect();
    names.sort_unstable();
    format!("{} {}", caller.unwrap_or_default(), names.join(","))
}

fn layer(issuer: &Issuer) -> AuthLayer {
    let roles = vec!["clerk".to_owned()];
    let fresh = Freshness::Stream { max_staleness: Duration::from_secs(1), when_stale: WhenStale::Refuse };
    let policy = PolicySet::default()
        .route("GET", "/orders/{id}", Access::default())
        .and_then(|policy| policy.route("GET", "/clerk", Access { roles, ..Access::default() }))
        .and_then(|policy| policy.route("GET", "/fresh", Access { freshness: fresh, ..Access::default() }))
        .and_then(|policy| policy.route("GET", "/open", Access { public: true, ..Access::default() }));
    AuthLayer::new(verifier(), Arc::new(Arc::new(issuer.keys())), Arc::new(policy.unwrap()), Arc::new(|| NOW))
}

async fn send(layer: &AuthLayer, path: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let router = ["/orders/{id}", "/clerk", "/fresh", "/open", "/undeclared"]
        .into_iter()
        .fold(Router::new(), |router, path| router.route(path, get(who)))
        .layer(layer.clone());
    let request = headers.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
    router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

async fn refusal(response: Response<Body>) -> (u16, Value, HeaderMap) {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    assert_eq!(headers["content-type"], "application/json");
    (status, serde_json::from_str(&text(response).await).unwrap(), headers)
}

#[tokio::test]
async fn a_handler_finds_the_caller() {
    let issuer = Issuer::ed25519();
    let bearer = format!("Bearer {}", issuer.good());
    let response = send(&layer(&issuer), "/orders/7", &[("authorization", &bearer)]).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(text(response).await, format!("{} authorization", claims().sub));
}

#[tokio::test]
async fn refusals_are_http_and_json() {
    let issuer = Issuer::ed25519();
    let bearer = format!("Bearer {}", issuer.good());
    let good = ("authorization", bearer.as_str());
    for (path, header, status, error, challenge) in [
        ("/orders/7", ("accept", "*/*"), 401, "unauthorized", Some("Bearer")),
        (
            "/orders/7",
            ("authorization", "Bearer x"),
            401,
            "access_token_invalid",
            Some(r#"Bearer error="invalid_token""#),
        ),
        ("/clerk", good, 403, "permission_denied", Some(r#"Bearer error="insufficient_scope""#)),
        ("/undeclared", good, 403, "permission_denied", None),
        ("/orders/%37", good, 403, "permission_denied", None),
        ("/fresh", good, 503, "store_unavailable", None),
    ] {
        let response = send(&layer(&issuer), path, &[header, ("x-request-id", "r-1")]).await;
        let (seen, body, headers) = refusal(response).await;
        assert_eq!((seen, &body["error"], &body["request_id"]), (status, &json!(error), &json!("r-1")), "{path}");
        assert!(body["message"].is_string() && body["details"].is_object(), "{body}");
        let sent = headers.get("www-authenticate").map(|value| value.to_str().unwrap());
        assert_eq!(sent, challenge, "{path}");
        let retry = headers.get("retry-after").map(|value| value.to_str().unwrap());
        assert_eq!(retry, (status == 503).then_some("1"), "{path}");
    }
}

#[tokio::test]
async fn a_request_id_that_is_no_id_is_not_repeated() {
    let issuer = Issuer::ed25519();
    let long = "r".repeat(129);
    for id in ["\u{e9}", long.as_str()] {
        let (_, body, _) = refusal(send(&layer(&issuer), "/clerk", &[("x-request-id", id)]).await).await;
        assert_eq!(body["request_id"], "");
    }
}

#[tokio::test]
async fn grpc_content_types_get_trailers_only() {
    let issuer = Issuer::ed25519();
    for (kind, grpc) in [
        ("application/grpc", true),
        ("application/grpc+proto", true),
        ("application/grpc-web-text", true),
        ("Application/gRPC; x=y", true),
        ("application/grpcx", false),
        ("application/json", false),
    ] {
        let response = send(&layer(&issuer), "/clerk", &[("content-type", kind)]).await;
        let seen = (response.status().as_u16(), response.headers().contains_key("grpc-status"));
        assert_eq!(seen, if grpc { (200, true) } else { (401, false) }, "{kind}");
    }
}

#[tokio::test]
async fn h7_headers_that_name_a_caller_are_stripped_and_counted() {
    let issuer = Issuer::ed25519();
    let tally = Arc::new(Tally::default());
    let layer = layer(&issuer).counting(tally.clone());
    let hostile = [
        ("x-sekisho-sub", "root"),
        ("X-Forwarded-User", "root"),
        ("x-auth-request-email", "root@example.jp"),
        ("x-envoy-jwt-payload", "e30"),
        ("x-forwarded-client-cert", "By=spiffe://x"),
        ("x-jwt-claim-sub", "root"),
    ];
    let harmless = [("x-request-id", "r-1"), ("x-forwarded-for", "192.0.2.1"), ("cookie", "a=b")];
    let response = send(&layer, "/open", &[&hostile[..], &harmless[..]].concat()).await;
    assert_eq!(text(response).await, " cookie,x-forwarded-for,x-request-id");
    assert_eq!(tally.take(), [Event::HeadersStripped { count: 6 }, Event::Admitted]);
}

#[tokio::test]
async fn h7_which_headers_is_the_services_to_say() {
    let issuer = Issuer::ed25519();
    let layer = layer(&issuer).strip_headers(["X-Mine", "x-ours-*"]);
    let sent = [("x-mine", "a"), ("x-mine", "b"), ("x-ours-too", "c"), ("x-minex", "d"), ("x-sekisho-sub", "e")];
    let response = send(&layer, "/open", &sent).await;
    assert_eq!(text(response).await, " x-minex,x-sekisho-sub");
}
