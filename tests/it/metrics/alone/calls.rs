//! Every call is counted once, under a name that no caller makes up.

use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpStream};
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::{
    bad_input::wire::Frames,
    support::{
        TestApp,
        acts::{ADA, WRONG, login_body},
        eventually, http,
    },
    transport::client::Http2,
};

const WATCH: &str = "sekisho.v1.TokenService/WatchRevocations";
const LOGIN: &str = "sekisho.v1.AuthService/Login";

async fn calls(app: &TestApp, method: &str, code: &str) -> f64 {
    app.metric(&format!("sekisho_calls_total{{method=\"{method}\",code=\"{code}\"}}")).await
}

/// All calls of a method, and how many of them were timed.
async fn totals(app: &TestApp, method: &str) -> (f64, f64) {
    let scrape = app.scrape().await;
    let of = [("method", method)];
    (scrape.sum("sekisho_calls_total", &of), scrape.sum("sekisho_call_duration_seconds_count", &of))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rpc_is_there_before_it_is_called() {
    let app = TestApp::start().await;
    let scrape = app.scrape().await;
    let policy = sekisho::grpc::policy().unwrap();
    let mut methods: Vec<&str> = policy.iter().map(|(path, _)| path.trim_start_matches('/')).collect();
    assert!(methods.len() > 30 && methods.contains(&WATCH), "{methods:?}");
    methods.extend(["grpc.health.v1.Health/Check", "openapi.json", "other"]);
    for method in methods {
        let series = format!("sekisho_calls_total{{method=\"{method}\",code=\"Ok\"}}");
        assert_eq!(scrape.get(&series), Some(0.0), "{series}");
        let series = format!("sekisho_call_duration_seconds_count{{method=\"{method}\"}}");
        assert_eq!(scrape.get(&series), Some(0.0), "{series}");
    }
}

/// What is refused before its flow begins, on REST before there is an RPC at all.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_on_the_way_is_counted_under_its_rpc() {
    let app = TestApp::start().await;
    let not_json = app.request("POST", "/api/v1/auth/login").header("content-type", "application/json").body("{");
    http::send(not_json).await.refused(400, "validation_error");
    assert_eq!(calls(&app, LOGIN, "InvalidArgument").await, 1.0);
    let large = "x".repeat(70_000);
    app.try_login(ADA, &large, "laptop").await.refused(413, "request_too_large");
    assert_eq!(calls(&app, LOGIN, "OutOfRange").await, 1.0);
    app.profile("nonsense").await.refused(401, "access_token_invalid");
    assert_eq!(calls(&app, "sekisho.v1.UserService/GetProfile", "Unauthenticated").await, 1.0);
    let late = app.request("POST", "/api/v1/auth/login").header("grpc-timeout", "0n").json(&login_body("laptop"));
    http::send(late).await.refused(504, "deadline_exceeded");
    assert_eq!(calls(&app, LOGIN, "DeadlineExceeded").await, 1.0);
    assert_eq!(totals(&app, LOGIN).await, (3.0, 3.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_counted_under_their_rpc() {
    let app = TestApp::with(&[("SEKISHO_LIMIT_LOGIN", "1/300")]).await;
    app.try_login(ADA, WRONG, "laptop").await.refused(401, "invalid_credentials");
    app.try_login(ADA, WRONG, "laptop").await.refused(429, "rate_limit_exceeded");
    assert_eq!(calls(&app, LOGIN, "ResourceExhausted").await, 1.0);
    assert_eq!(totals(&app, LOGIN).await, (2.0, 2.0));
}

/// A caller that stops in the middle of its message, and one that is not waited for.
#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_wait_for_an_answer_is_counted() {
    let app = TestApp::with(&[("SEKISHO_CALL_TIMEOUT", "1")]).await;
    let half = "POST /api/v1/auth/login HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                content-length: 100\r\n\r\n{\"email\": \"";
    let mut slow = TcpStream::connect(app.app.listen).await.unwrap();
    slow.write_all(half.as_bytes()).await.unwrap();
    eventually(async || calls(&app, LOGIN, "DeadlineExceeded").await == 1.0).await;
    let connection = Http2::connect(app.app.listen).await;
    let unfinished = ::http::Request::post(format!("http://localhost/{LOGIN}"));
    let unfinished = unfinished.header("content-type", "application/grpc").header("te", "trailers");
    let (answer, _body) = connection.begin(unfinished.header("grpc-timeout", "50m").body(()).unwrap()).await;
    answer.await.unwrap();
    assert_eq!(calls(&app, LOGIN, "DeadlineExceeded").await, 2.0);

    let app = TestApp::start().await;
    let mut gone = TcpStream::connect(app.app.listen).await.unwrap();
    gone.write_all(half.as_bytes()).await.unwrap();
    eventually(async || app.metric("sekisho_connections{listener=\"public\"}").await == 1.0).await;
    drop(gone);
    eventually(async || totals(&app, LOGIN).await == (1.0, 1.0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_timed_when_it_opens_and_counted_when_it_ends() {
    let app = TestApp::start().await;
    app.try_watch("nonsense", None).await.unwrap_err();
    assert_eq!(totals(&app, WATCH).await, (1.0, 1.0));
    assert_eq!(calls(&app, WATCH, "Unauthenticated").await, 1.0);

    let watcher = app.watch(None).await;
    assert_eq!(totals(&app, WATCH).await, (1.0, 2.0));
    drop(watcher);
    eventually(async || calls(&app, WATCH, "Cancelled").await == 1.0).await;

    let mut watcher = app.watch(None).await;
    app.advance(3_600);
    // Its heartbeat is the next time that it is looked at.
    assert_eq!(watcher.end().await.0, Code::Unauthenticated);
    eventually(async || calls(&app, WATCH, "Unauthenticated").await == 2.0).await;
    assert_eq!(totals(&app, WATCH).await, (3.0, 3.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_rpc_makes_no_name() {
    let app = TestApp::start().await;
    http::send(app.request("GET", "/openapi.json")).await;
    http::send(app.request("DELETE", "/openapi.json")).await.refused(405, "method_not_allowed");
    http::send(app.request("GET", "/.well-known/jwks.json")).await;
    HealthClient::new(app.channel().await).check(HealthCheckRequest::default()).await.unwrap();
    let frames = Frames::new(&app, "").await;
    for number in 0..50 {
        http::send(app.request("GET", &format!("/made/up/{number}"))).await.refused(404, "not_found");
        frames.request(&format!("/made.up.v1.Service{number}/Call")).body(Vec::new()).send().await.unwrap();
    }
    http::send(app.request("PATCH", "/api/v1/auth/login").json(&json!({}))).await.refused(405, "method_not_allowed");

    assert_eq!(totals(&app, "openapi.json").await, (2.0, 2.0));
    assert_eq!(totals(&app, "sekisho.v1.TokenService/GetKeys").await, (1.0, 1.0));
    assert_eq!(calls(&app, "grpc.health.v1.Health/Check", "Ok").await, 1.0);
    assert_eq!(calls(&app, "other", "Unimplemented").await, 51.0);
    assert_eq!(calls(&app, "other", "NotFound").await, 50.0);
    let text = app.ops_text("/metrics").await;
    assert!(!text.contains("made") && text.contains("method=\"other\""), "{text}");
}
