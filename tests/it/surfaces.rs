//! One behaviour on three surfaces, and what else the two ports answer.

mod errors;
pub mod grpc_web;
mod ops;

use sekisho::{grpc::SERVICES, proto::sekisho::v1 as pb};
use serde_json::json;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

use crate::support::{
    Answer, TestApp,
    acts::{ADA, claims, login_body},
    app::PASSWORD,
    http,
};

fn login_request() -> pb::LoginRequest {
    let (email, password, client_id) = (ADA.to_owned(), PASSWORD.to_owned(), "phone".to_owned());
    pb::LoginRequest { email, password, client_id, device_name: Some("Ada's phone".to_owned()) }
}

/// What every login of [`login_request`] has in common.
fn is_adas(user_id: &str, login: &pb::LoginResponse) {
    let user = login.user.as_ref().unwrap();
    assert_eq!((user.id.as_str(), user.email.as_str(), user.is_verified), (user_id, ADA, true));
    assert_eq!((login.token_type.as_str(), login.expires_in), ("Bearer", 900));
    assert_eq!((claims(&login.access_token)["sub"].as_str(), &login.evicted_session), (Some(user_id), &None));
    assert!(login.refresh_token.starts_with("skr_"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_the_same_on_every_surface() {
    let app = TestApp::start().await;
    let user_id = app.ada().await.user_id();
    let over_grpc = app.auth().await.login(login_request()).await.unwrap().into_inner();
    is_adas(&user_id, &over_grpc);
    for encoding in [grpc_web::Encoding::Binary, grpc_web::Encoding::Text] {
        let reply = grpc_web::call(&app, encoding, "sekisho.v1.AuthService/Login", &login_request()).await;
        assert_eq!(reply.trailer("grpc-status"), Some("0"));
        is_adas(&user_id, &reply.message());
    }
    let mut body = login_body("phone");
    body["device_name"] = "Ada's phone".into();
    let over_rest = app.post("/api/v1/auth/login", body).await.body;
    assert_eq!((&over_rest["user"]["id"], &over_rest["message"]), (&json!(user_id), &json!(over_grpc.message)));

    let sessions = app.listed(&over_grpc.access_token).await;
    let phones = sessions.iter().filter(|session| session["device"] == "Ada's phone").count();
    assert_eq!((sessions.len(), phones), (5, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callers_request_id_comes_back() {
    let app = TestApp::start().await;
    for (given, kept) in [(Some("order-7.A_b"), true), (Some("two words"), false), (Some(""), false), (None, false)] {
        let mut request = app.request("GET", "/.well-known/jwks.json");
        let mut call = tonic::Request::new(pb::GetKeysRequest {});
        if let Some(id) = given {
            request = request.header("x-request-id", id);
            call.metadata_mut().insert("x-request-id", id.parse().unwrap());
        }
        let rest = http::send(request).await.header("x-request-id").unwrap().to_owned();
        let grpc = app.tokens().await.get_keys(call).await.unwrap();
        let grpc = grpc.metadata().get("x-request-id").unwrap().to_str().unwrap().to_owned();
        for id in [&rest, &grpc] {
            assert_eq!(given == Some(id), kept, "{given:?} became {id}");
            assert!(!id.is_empty());
        }
        assert_eq!(rest == grpc, kept);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_told_per_service() {
    let app = TestApp::start().await;
    let mut health = HealthClient::new(app.channel().await);
    for service in SERVICES.into_iter().chain([""]) {
        let request = HealthCheckRequest { service: service.to_owned() };
        let status = health.check(request).await.unwrap().into_inner().status();
        assert_eq!(status, ServingStatus::Serving, "{service}");
    }
    let unknown = HealthCheckRequest { service: "sekisho.v1.Nothing".to_owned() };
    assert_eq!(health.check(unknown).await.unwrap_err().code(), tonic::Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn reflection_lists_the_services_in_development() {
    let app = TestApp::start().await;
    let list = MessageRequest::ListServices(String::new());
    let request = ServerReflectionRequest { host: String::new(), message_request: Some(list) };
    let requests = futures_util::stream::iter([request]);
    let mut client = ServerReflectionClient::new(app.channel().await);
    let mut answers = client.server_reflection_info(requests).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response.unwrap();
    let MessageResponse::ListServicesResponse(listed) = answer else { panic!("{answer:?}") };
    let names: Vec<&str> = listed.service.iter().map(|service| service.name.as_str()).collect();
    for service in SERVICES {
        assert!(names.contains(&service), "{names:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_is_not_there_is_unimplemented() {
    let app = TestApp::start().await;
    let method = "sekisho.v1.AuthService/Nothing";
    let reply = grpc_web::call(&app, grpc_web::Encoding::Binary, method, &login_request()).await;
    assert_eq!(reply.trailer("grpc-status"), Some("12"));
}

#[tokio::test(flavor = "multi_thread")]
async fn head_is_get_without_a_body() {
    let app = TestApp::start().await;
    let access = app.ada().await.access;
    for path in ["/.well-known/jwks.json", "/api/v1/user/profile"] {
        let answer = async |method: &str| http::send(app.request(method, path).bearer_auth(&access)).await;
        let (head, get) = (answer("HEAD").await, answer("GET").await);
        assert_eq!((head.status, head.text.as_str()), (200, ""));
        assert!(!get.text.is_empty());
        for name in ["content-type", "cache-control", "content-length"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
    }
}

async fn preflight(app: &TestApp, origin: &str) -> Answer {
    let request = app.request("OPTIONS", "/api/v1/auth/login").header("origin", origin);
    let request = request.header("access-control-request-method", "POST");
    http::send(request.header("access-control-request-headers", "authorization,content-type")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_are_let_in_from_listed_origins_only() {
    let app = TestApp::with(&[("SEKISHO_ALLOWED_ORIGINS", "https://app.example,https://admin.example")]).await;
    let allow = "access-control-allow-origin";
    for origin in ["https://app.example", "https://admin.example"] {
        let answer = preflight(&app, origin).await;
        assert_eq!((answer.status, answer.header(allow)), (200, Some(origin)));
        assert!(answer.header("access-control-allow-methods").unwrap().contains("POST"));
        assert!(answer.header("access-control-allow-headers").unwrap().contains("authorization"));
        let call = app.request("POST", "/api/v1/auth/login").header("origin", origin).json(&login_body("x"));
        let call = http::send(call).await;
        assert_eq!((call.status, call.header(allow)), (401, Some(origin)));
        assert_eq!(call.header("access-control-allow-credentials"), None);
    }
    for origin in ["https://evil.example", "https://app.example.evil", "http://app.example", "null"] {
        assert_eq!(preflight(&app, origin).await.header(allow), None, "{origin}");
    }
}
