//! What REST costs over gRPC: the same login, in process, on both surfaces.

#![expect(clippy::expect_used, reason = "a bench that cannot run has nothing to report")]

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use axum::body::{Body, Bytes};
use divan::{Bencher, black_box};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use prost::Message;
use prost_reflect::DescriptorPool;
use sekisho::{
    proto::sekisho::v1::{LoginRequest, LoginResponse, User},
    rest::Transcoder,
};
use tokio::runtime::{Builder, Runtime};
use tonic::{
    server::{Grpc, NamedService, UnaryService},
    service::Routes,
};
use tonic_prost::ProstCodec;
use tower::{Service, ServiceExt};

const JSON: &str = r#"{"email":"hanako@example.com","password":"correct horse battery staple","client_id":"web-1","device_name":"Laptop"}"#;

fn main() {
    divan::main();
}

#[divan::bench]
fn grpc(bencher: Bencher<'_, '_>) {
    let (runtime, routes) = (runtime(), Routes::new(Login));
    bencher.bench_local(|| runtime.block_on(call_grpc(routes.clone())));
}

#[divan::bench]
fn rest(bencher: Bencher<'_, '_>) {
    let descriptors = include_bytes!(concat!(env!("OUT_DIR"), "/sekisho.binpb"));
    let pool = DescriptorPool::decode(&descriptors[..]).expect("descriptors");
    let (runtime, transcoder) = (runtime(), Transcoder::new(pool, Routes::new(Login)).expect("bindings"));
    bencher.bench_local(|| runtime.block_on(call_rest(transcoder.clone())));
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("runtime")
}

async fn call_grpc(routes: Routes) -> LoginResponse {
    let message = black_box(LoginRequest {
        email: "hanako@example.com".into(),
        password: "correct horse battery staple".into(),
        client_id: "web-1".into(),
        device_name: Some("Laptop".into()),
    })
    .encode_to_vec();
    let length = u32::try_from(message.len()).expect("length");
    let frame = [&[0], &length.to_be_bytes()[..], &message].concat();
    let request = Request::post("/sekisho.v1.AuthService/Login")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(tonic::body::Body::new(Full::new(Bytes::from(frame))));
    let Ok(response) = routes.oneshot(request.expect("request")).await;
    let collected = response.into_body().collect().await.expect("body");
    assert_eq!(collected.trailers().expect("trailers")["grpc-status"], "0");
    LoginResponse::decode(collected.to_bytes().slice(5..)).expect("message")
}

async fn call_rest(transcoder: Transcoder<Routes>) -> Bytes {
    let request = Request::post("/api/v1/auth/login")
        .header("content-type", "application/json")
        .body(Body::from(black_box(JSON)));
    let Ok(response) = transcoder.oneshot(request.expect("request")).await;
    assert_eq!(response.status(), 200);
    response.into_body().collect().await.expect("body").to_bytes()
}

/// Answers every login alike; a service of one method does not change when the
/// proto grows.
#[derive(Clone)]
struct Login;

impl NamedService for Login {
    const NAME: &'static str = "sekisho.v1.AuthService";
}

impl Service<Request<tonic::body::Body>> for Login {
    type Response = Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<tonic::body::Body>) -> Self::Future {
        Box::pin(async {
            Ok(Grpc::new(ProstCodec::<LoginResponse, LoginRequest>::default()).unary(Self, request).await)
        })
    }
}

impl UnaryService<LoginRequest> for Login {
    type Response = LoginResponse;
    type Future = Ready<Result<tonic::Response<LoginResponse>, tonic::Status>>;

    fn call(&mut self, request: tonic::Request<LoginRequest>) -> Self::Future {
        ready(Ok(tonic::Response::new(LoginResponse {
            message: "Signed in.".into(),
            access_token: "a".repeat(500),
            refresh_token: "r".repeat(60),
            token_type: "Bearer".into(),
            expires_in: 900,
            user: Some(User { email: request.into_inner().email, is_verified: true, ..User::default() }),
            evicted_session: None,
        })))
    }
}
