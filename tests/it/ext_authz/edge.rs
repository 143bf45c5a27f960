//! Envoy itself in front of a sibling that trusts it.

mod envoy;
mod sibling;

use http::Method;
use reqwest::StatusCode;
use serde_json::Value;
use tonic::{
    Code, Request, Status,
    client::Grpc,
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt;

use self::{envoy::Envoy, sibling::Sibling};
use super::proxy::Bench;
use crate::support::{acts::claims, eventually};

const HOST: &str = "greeter.example.com";

/// Everything that stands there.
struct Edge {
    bench: Bench,
    sibling: Sibling,
    envoy: Envoy,
    client: reqwest::Client,
}

#[derive(Clone, Copy, PartialEq, prost::Message)]
struct Empty {}

impl Edge {
    async fn start() -> Self {
        let bench = Bench::start().await;
        let sibling = Sibling::start().await;
        let envoy = Envoy::start(sibling.address.port(), bench.app.app.authz_listen.unwrap().port()).await;
        Self { bench, sibling, envoy, client: reqwest::Client::new() }
    }

    fn request(&self, path: &str) -> reqwest::RequestBuilder {
        self.client.request(Method::GET, format!("http://{}{path}", self.envoy.address)).header("host", HOST)
    }

    /// The status, and what was answered.
    async fn send(&self, request: reqwest::RequestBuilder) -> (StatusCode, Value) {
        let answer = request.send().await.unwrap();
        let (status, body) = (answer.status(), answer.text().await.unwrap());
        (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
    }

    async fn call(&self, method: &str, access: Option<&str>) -> Result<(), Status> {
        let origin = format!("http://{HOST}").parse().unwrap();
        let endpoint: Endpoint = Channel::from_shared(format!("http://{}", self.envoy.address)).unwrap().origin(origin);
        let mut client = Grpc::new(endpoint.connect().await.unwrap());
        client.ready().await.unwrap();
        let mut request = Request::new(Empty {});
        if let Some(access) = access {
            request.metadata_mut().insert("authorization", format!("Bearer {access}").parse().unwrap());
        }
        let path = format!("/greeter.v1.GreeterService/{method}").parse().unwrap();
        client.unary(request, path, ProstCodec::<Empty, Empty>::default()).await.map(drop)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn envoy_lets_through_whom_the_policy_lets_through() {
    let edge = Edge::start().await;
    let ada = edge.bench.app.ada().await;

    let answer = edge.request("/orders/7").header("accept-language", "ja").send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.headers()["www-authenticate"], "Bearer");
    assert_eq!(answer.headers()["content-type"], "application/json");
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["error"], "unauthorized");
    assert!(!body["message"].as_str().unwrap().is_ascii(), "{body}");
    assert_eq!(edge.send(edge.request("/nowhere").bearer_auth(&ada.access)).await.0, 403);
    assert_eq!(edge.sibling.seen(), 0, "nobody came as far");

    let (status, seen) = edge.send(edge.request("/orders/7").bearer_auth(&ada.access)).await;
    assert_eq!(status, 200);
    assert_eq!(seen["x-sekisho-subject"], claims(&ada.access)["sub"]);
    assert_eq!(seen["x-sekisho-client"], "laptop");
    assert_eq!(seen["authorization"], format!("Bearer {}", ada.access));

    let twice = edge.request("/orders/7").bearer_auth(&ada.access).bearer_auth(&ada.access);
    let (status, body) = edge.send(twice).await;
    assert_eq!((status.as_u16(), &body["error"]), (401, &"access_token_invalid".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sibling_is_told_nothing_by_a_stranger() {
    let edge = Edge::start().await;
    let ada = edge.bench.app.ada().await;
    let forged = |path: &str| {
        edge.request(path)
            .header("x-sekisho-subject", "somebody")
            .header("X-Sekisho-Subject", "somebody else")
            .header("x-sekisho-roles", "admin")
            .header("x-sekisho-other", "x")
            .header("x-forwarded-user", "root")
            .header("x-harmless", "stays")
    };
    let (status, seen) = edge.send(forged("/welcome")).await;
    let names = seen.as_object().unwrap();
    assert_eq!((status.as_u16(), &seen["x-harmless"]), (200, &"stays".into()));
    assert!(!names.keys().any(|name| name.starts_with("x-sekisho-") || name == "x-forwarded-user"), "{seen}");

    let (_, seen) = edge.send(forged("/orders/7").bearer_auth(&ada.access)).await;
    assert_eq!(seen["x-sekisho-subject"], claims(&ada.access)["sub"]);
    for name in ["x-sekisho-roles", "x-sekisho-other", "x-forwarded-user"] {
        assert_eq!(seen[name], Value::Null, "{name}");
    }
    // By the route, and not by the host.
    let other = edge.request("/").header("host", "elsewhere").bearer_auth(&ada.access);
    let other = reqwest::RequestBuilder::from_parts(edge.client.clone(), {
        let mut request = other.build().unwrap();
        request.headers_mut().insert("host", "elsewhere".parse().unwrap());
        request
    });
    let (status, seen) = edge.send(other).await;
    assert_eq!((status.as_u16(), &seen["authorization"]), (200, &Value::Null));
    assert_eq!(seen["x-sekisho-client"], "laptop");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_with_two_readings_goes_nowhere() {
    let edge = Edge::start().await;
    let ada = edge.bench.app.ada().await;
    for path in ["/welcome%2f..%2forders", "/orders/a%5cb", "/orders/a%25b", "/orders/7;a=b"] {
        // Without the client's own reading of it.
        let status = edge.envoy.get_raw(path, HOST, &ada.access).await;
        assert!([400, 403].contains(&status), "{path}: {status}");
    }
    // Envoy reads these as what they mean, asks about that, and sends on just that.
    for path in ["/welcome/../orders/7", "//orders/7", "/orders/%37"] {
        assert_eq!(edge.envoy.get_raw(path, HOST, &ada.access).await, 200, "{path}");
    }
    assert_eq!(edge.envoy.get_raw("/orders/../nowhere", HOST, &ada.access).await, 403);
    assert_eq!(edge.sibling.paths(), ["/orders/7"; 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_over_grpc_sees_our_status_and_its_reason() {
    let edge = Edge::start().await;
    let ada = edge.bench.app.ada().await;
    edge.call("Welcome", None).await.unwrap();
    edge.call("Greet", Some(&ada.access)).await.unwrap();
    let refused = edge.call("Greet", None).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    assert_eq!(refused.get_details_error_info().unwrap().reason, "UNAUTHORIZED");
    assert!(!refused.message().is_empty());
    assert_eq!(refused.metadata().get("www-authenticate").unwrap(), "Bearer");
    let refused = edge.call("Other", Some(&ada.access)).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(refused.get_details_error_info().unwrap().reason, "PERMISSION_DENIED");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_out_is_out_and_without_the_service_nobody_is_in() {
    let edge = Edge::start().await;
    let (ada, other) = (edge.bench.app.ada().await, edge.bench.app.ada_on("phone").await);
    let ask = async |access: &str| edge.send(edge.request("/orders/7").bearer_auth(access)).await;
    assert_eq!(ask(&ada.access).await.0, 200);
    edge.bench.app.log_out(&ada.refresh, "laptop").await;
    eventually(async || ask(&ada.access).await.0 == 401).await;
    assert_eq!(ask(&ada.access).await.1["error"], "session_revoked");
    let refused = edge.call("Greet", Some(&ada.access)).await.unwrap_err();
    assert_eq!(refused.get_details_error_info().unwrap().reason, "SESSION_REVOKED");
    assert_eq!(ask(&other.access).await.0, 200);

    let Edge { bench, sibling, envoy, client } = edge;
    let seen = sibling.seen();
    bench.app.stop().await;
    let request = client.get(format!("http://{}/welcome", envoy.address)).header("host", HOST);
    assert_eq!(request.send().await.unwrap().status(), 503);
    assert_eq!(sibling.seen(), seen);
}
