//! Who is let through, and what becomes of all others.

use sekisho::proto::ext_authz::envoy::service::auth::v3::CheckRequest;
use serde_json::Value;
use tonic::Code;
use tonic_types::{StatusExt, pb};

use super::super::proxy::{Asked, Bench, Verdict};
use crate::support::{app::with_bearer, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn each_route_is_for_those_that_its_policy_names() {
    let bench = Bench::start().await;
    let ada = bench.app.ada().await.access;
    let service = bench.app.service_token().await;
    let verdict = async |asked: Asked| bench.ask(asked).await;
    for path in ["/welcome", "/welcome?x=/orders", "/grpc.health.v1.Health/Check", "/greeter.v1.GreeterService/Welcome"]
    {
        let allowed = verdict(Asked::get(path)).await;
        assert!(allowed.is_allowed(), "{path}: {allowed:?}");
    }
    for path in ["/orders/7", "/payouts", "/greeter.v1.GreeterService/Greet", "/greeter.v1.GreeterService/Farewell"] {
        assert_eq!(verdict(Asked::get(path)).await.refused(), (401, "unauthorized".to_owned()), "{path}");
        let allowed = verdict(Asked::get(path).bearer(&ada)).await;
        assert!(allowed.is_allowed(), "{path}: {allowed:?}");
        let refused = verdict(Asked::get(path).bearer(&service)).await;
        assert_eq!(refused.refused(), (403, "permission_denied".to_owned()), "{path}");
    }
    assert_eq!(verdict(Asked::get("/stock").bearer(&ada)).await.refused(), (403, "permission_denied".to_owned()));
    assert!(verdict(Asked::get("/stock").bearer(&service)).await.is_allowed());
    let denied = verdict(Asked::new("DELETE", "/orders/7").bearer(&ada)).await;
    assert_eq!(denied.refused(), (403, "permission_denied".to_owned()));
    assert_eq!(denied.told("www-authenticate").as_deref(), Some("Bearer error=\"insufficient_scope\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_policy_names_is_nobodys() {
    let bench = Bench::start().await;
    let ada = bench.app.ada().await.access;
    for asked in [
        Asked::get("/"),
        Asked::get("/orders"),
        Asked::new("PUT", "/orders/7"),
        Asked::new("HEAD", "/orders/7"),
        Asked::get("/greeter.v1.GreeterService/Other"),
        Asked::get("/orders/7").by_policy("other"),
        Asked::get("/orders/7").by_policy("no such policy"),
        Asked::get("/orders/7").host("elsewhere.example.com"),
        Asked::get("/orders/7").host(""),
    ] {
        let verdict = bench.ask(asked.bearer(&ada)).await;
        assert_eq!(verdict.refused(), (403, "permission_denied".to_owned()));
        assert_eq!(verdict.told("www-authenticate"), None, "no token would help");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sibling_is_found_by_its_host_or_by_what_the_route_says() {
    let bench = Bench::start().await;
    let ada = bench.app.ada().await.access;
    for host in ["greeter", "GREETER:8080", "Greeter.Example.com:443"] {
        assert!(bench.ask(Asked::get("/orders/7").host(host).bearer(&ada)).await.is_allowed(), "{host}");
    }
    let elsewhere = Asked::get("/orders/7").host("elsewhere").by_policy("greeter").bearer(&ada);
    assert!(bench.ask(elsewhere).await.is_allowed());
    assert!(bench.ask(Asked::get("/").host("elsewhere").bearer(&ada)).await.is_allowed());
}

/// The same words as over REST, in the language of the caller.
#[tokio::test(flavor = "multi_thread")]
async fn the_caller_is_told_what_the_service_itself_would_say() {
    let bench = Bench::start().await;
    let asked = Asked::get("/orders/7").header("accept-language", "ja").header("x-request-id", "req-7");
    let verdict = bench.ask(asked).await;
    let request = bench.app.request("GET", "/api/v1/user/profile");
    let own = crate::support::http::send(request.header("accept-language", "ja").header("x-request-id", "req-7")).await;
    let Verdict::Denied { code, denied } = &verdict else { panic!("{verdict:?}") };
    assert_eq!(serde_json::from_str::<Value>(&denied.body).unwrap(), own.body);
    assert_eq!((*code, denied.status.unwrap().code), (Code::Unauthenticated.into(), 401));
    assert_eq!(verdict.told("content-type").as_deref(), Some("application/json"));
    assert_eq!(verdict.told("www-authenticate").as_deref(), Some("Bearer"));
    assert_eq!(verdict.told("x-request-id").as_deref(), Some("req-7"));
}

/// Envoy writes the status of an answer to gRPC itself, from what it finds in the headers.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_over_grpc_is_told_by_grpc() {
    let bench = Bench::start().await;
    let verdict = bench.ask(Asked::rpc("/greeter.v1.GreeterService/Greet")).await;
    let Verdict::Denied { denied, .. } = &verdict else { panic!("{verdict:?}") };
    assert_eq!((denied.status.unwrap().code, denied.body.as_str()), (401, ""));
    assert_eq!(verdict.told("content-type"), None);
    assert_eq!(verdict.told("grpc-status").as_deref(), Some("16"));
    let mut headers = http::HeaderMap::new();
    for name in ["grpc-status", "grpc-message", "grpc-status-details-bin"] {
        headers.insert(name, verdict.told(name).expect(name).parse().unwrap());
    }
    let status = tonic::Status::from_header_map(&headers).unwrap();
    assert_eq!(status.get_details_error_info().unwrap().reason, "UNAUTHORIZED");
    let rich = <pb::Status as prost::Message>::decode(status.details()).unwrap();
    assert_eq!(rich.code, 16);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_denied_with_a_reason() {
    let bench = Bench::start().await;
    for check in [
        CheckRequest::default(),
        Asked::new("GE T", "/welcome").check(),
        Asked::new("", "/welcome").check(),
        Asked::get("/welcome").header("a b", "c").check(),
        Asked::get("/welcome").header("a", "b\nc").check(),
        Asked::get("/welcome").header("a", "b\0c").check(),
    ] {
        let verdict = bench.ask_raw(check.clone()).await;
        assert_eq!(verdict.refused(), (400, "validation_error".to_owned()), "{check:?}");
    }
}

/// Not one store is asked: the feed of this process has it.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_out_is_refused() {
    let bench = Bench::start().await;
    let (first, second) = (bench.app.ada().await, bench.app.ada_on("phone").await);
    let asked = |access: &str| Asked::get("/orders/7").bearer(access);
    assert!(bench.ask(asked(&first.access)).await.is_allowed());
    bench.app.log_out(&first.refresh, "laptop").await;
    eventually(async || !bench.ask(asked(&first.access)).await.is_allowed()).await;
    let refused = bench.ask(asked(&first.access)).await;
    assert_eq!(refused.refused(), (401, "session_revoked".to_owned()));
    assert_eq!(refused.told("www-authenticate").as_deref(), Some("Bearer error=\"invalid_token\""));
    assert!(bench.ask(asked(&second.access)).await.is_allowed(), "another session goes on");

    bench.app.revoke_token(&second.access).await.unwrap();
    assert_eq!(bench.ask(asked(&second.access)).await.refused(), (401, "session_revoked".to_owned()));
    let third = bench.app.ada_on("tablet").await;
    let all = with_bearer(sekisho::proto::sekisho::v1::RevokeAllSessionsRequest::default(), &third.access);
    bench.app.sessions().await.revoke_all_sessions(all).await.unwrap();
    eventually(async || !bench.ask(asked(&third.access)).await.is_allowed()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_and_a_proof_grows_old() {
    let bench = Bench::start().await;
    let ada = bench.app.ada().await;
    let payout = Asked::new("POST", "/payouts").bearer(&ada.access);
    assert!(bench.ask(payout.clone()).await.is_allowed());
    bench.app.advance(301);
    let refused = bench.ask(payout).await;
    assert_eq!(refused.refused(), (401, "step_up_required".to_owned()));
    assert!(refused.told("www-authenticate").unwrap().contains("max_age=\"300\""));
    bench.app.advance(700);
    let expired = bench.ask(Asked::get("/orders/7").bearer(&ada.access)).await;
    assert_eq!(expired.refused(), (401, "access_token_expired".to_owned()));
}
