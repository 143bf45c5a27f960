//! How many calls run at once, and for how long: the same on every surface.

use prost::Message;
use sekisho::proto::sekisho::v1 as pb;
use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpStream};
use tonic::{Code, Status};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_types::StatusExt;

use super::client::{Http2, closed};
use crate::{
    bad_input::wire::{Frames, frame, refusal, status},
    support::{
        TestApp,
        acts::{ADA, WRONG},
        eventually, http,
    },
};

const KEYS: &str = "/sekisho.v1.TokenService/GetKeys";
const LOGIN: &str = "/sekisho.v1.AuthService/Login";

fn grpc(path: &str, timeout: Option<&str>) -> ::http::Request<()> {
    let request = http_request(path).header("content-type", "application/grpc").header("te", "trailers");
    let request = match timeout {
        Some(timeout) => request.header("grpc-timeout", timeout),
        None => request,
    };
    request.body(()).unwrap()
}

fn http_request(path: &str) -> ::http::request::Builder {
    ::http::Request::post(format!("http://localhost{path}"))
}

async fn counted(app: &TestApp, line: &str) -> bool {
    app.ops_text("/metrics").await.lines().any(|found| found == line)
}

/// As slow as a flow can be made, seconds for a hash; and no limit that a busy machine comes to.
const SLOW: [(&str, &str); 3] =
    [("SEKISHO_MAX_CALLS", "1"), ("SEKISHO_BCRYPT_COST", "15"), ("SEKISHO_CALL_TIMEOUT", "300")];

fn login() -> Vec<u8> {
    let (email, password, client_id) = (ADA.to_owned(), WRONG.to_owned(), "phone".to_owned());
    frame(0, &pb::LoginRequest { email, password, client_id, device_name: None }.encode_to_vec())
}

/// A login that takes the only place there is.
struct Full {
    app: TestApp,
    connection: Http2,
    call: (h2::client::ResponseFuture, h2::SendStream<bytes::Bytes>),
}

impl Full {
    async fn of(app: TestApp) -> Self {
        let connection = Http2::connect(app.app.listen).await;
        let mut call = connection.begin(grpc(LOGIN, None)).await;
        call.1.send_data(login().into(), true).unwrap();
        let full = Self { app, connection, call };
        full.are_in_flight(1).await;
        full
    }

    async fn are_in_flight(&self, number: usize) {
        eventually(async || counted(&self.app, &format!("sekisho_calls_in_flight {number}")).await).await;
    }
}

fn is_overloaded(refused: &Status) {
    assert_eq!(refusal(refused), (Code::Unavailable, "OVERLOADED".to_owned()));
    let delay = refused.get_details_retry_info().and_then(|info| info.retry_delay).unwrap();
    assert_eq!(delay.as_secs(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_a_number_calls_are_refused_on_every_surface() {
    let full = Full::of(TestApp::with(&SLOW).await).await;
    let app = &full.app;
    is_overloaded(&app.tokens().await.get_keys(pb::GetKeysRequest {}).await.unwrap_err());
    let web = app.request("POST", KEYS).header("content-type", "application/grpc-web+proto");
    let web = web.body(frame(0, &pb::GetKeysRequest {}.encode_to_vec())).send().await.unwrap();
    is_overloaded(&status(web.headers()));
    let rest = http::send(app.request("GET", "/.well-known/jwks.json")).await;
    rest.refused(503, "overloaded");
    assert_eq!(rest.header("retry-after"), Some("1"));
    assert!(counted(app, "sekisho_calls_shed_total 3").await);

    assert_eq!(refusal(&status(full.call.0.await.unwrap().headers())).1, "INVALID_CREDENTIALS");
    eventually(async || http::send(full.app.request("GET", "/.well-known/jwks.json")).await.status == 200).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_and_streams_take_no_place() {
    let app = TestApp::with(&SLOW).await;
    let service = app.service_token().await;
    let ready = "{\"ready\":true}";
    eventually(async || app.ops_text("/readyz").await == ready).await;
    let full = Full::of(app).await;
    HealthClient::new(full.app.channel().await).check(HealthCheckRequest::default()).await.unwrap();
    assert_eq!(full.app.ops_text("/readyz").await, ready);
    assert!(full.app.try_watch(&service, None).await.is_ok());
    full.are_in_flight(1).await;
}

/// The flow of a caller who is gone runs on, and takes its place until it ends.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_hangs_up_makes_no_room() {
    let mut full = Full::of(TestApp::with(&SLOW).await).await;
    full.call.1.send_reset(h2::Reason::CANCEL);
    // On the same connection, so that the reset comes first.
    let (answer, mut body) = full.connection.begin(grpc(KEYS, None)).await;
    body.send_data(frame(0, &[]).into(), true).unwrap();
    is_overloaded(&status(answer.await.unwrap().headers()));
    full.are_in_flight(0).await;
    let audit = full.app.audit_kinds().await;
    assert!(audit.iter().any(|kind| kind == "login_unknown"), "{audit:?}");
}

/// Whoever sends a message slowly, or never, keeps nobody out.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_its_message_takes_no_place() {
    let app = TestApp::with(&[("SEKISHO_MAX_CALLS", "1")]).await;
    let connection = Http2::connect(app.app.listen).await;
    let mut waiting = Vec::new();
    for _ in 0..10 {
        waiting.push(connection.begin(grpc(LOGIN, None)).await);
    }
    let (answer, mut body) = connection.begin(grpc(KEYS, None)).await;
    body.send_data(frame(0, &[]).into(), true).unwrap();
    assert_eq!(status(answer.await.unwrap().headers()).code(), Code::Ok);
}

/// F27. Neither is held up by a body that does not come.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let app = TestApp::with(&[("SEKISHO_CALL_TIMEOUT", "1")]).await;
    let connection = Http2::connect(app.app.listen).await;
    let (answer, _body) = connection.begin(grpc(LOGIN, None)).await;
    let late = status(answer.await.unwrap().headers());
    assert_eq!(refusal(&late), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned()));
    let (answer, _body) = connection.begin(grpc("/sekisho.v1.TokenService/WatchRevocations", None)).await;
    assert_ne!(status(answer.await.unwrap().headers()).code(), Code::Ok, "a stream that does not begin");

    let mut stream = TcpStream::connect(app.app.listen).await.unwrap();
    let half = "POST /api/v1/auth/login HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
                content-length: 100\r\n\r\n{\"email\": \"";
    stream.write_all(half.as_bytes()).await.unwrap();
    let answer = String::from_utf8(closed(&mut stream).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 504") && answer.contains("\"deadline_exceeded\""), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_may_want_its_answer_sooner() {
    let app = TestApp::start().await;
    let connection = Http2::connect(app.app.listen).await;
    let (answer, _body) = connection.begin(grpc(LOGIN, Some("50m"))).await;
    let late = status(answer.await.unwrap().headers());
    assert_eq!(refusal(&late), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned()));
}

/// X04. What has no time left is not begun: no code is mailed, and no guess counted.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_without_time_changes_nothing() {
    let app = TestApp::start().await;
    app.ada().await;
    // tonic's client would give up by itself.
    let frames = Frames::new(&app, "").await;
    let before = app.audit_kinds().await;
    let late = frames.request(LOGIN).header("grpc-timeout", "0n");
    let late = late.body(login()).send().await.unwrap();
    assert_eq!(refusal(&status(late.headers())), (Code::DeadlineExceeded, "DEADLINE_EXCEEDED".to_owned()));
    let body = json!({"email": ADA, "password": WRONG, "client_id": "phone"});
    let late = app.request("POST", "/api/v1/auth/login").header("grpc-timeout", "0n").json(&body);
    http::send(late).await.refused(504, "deadline_exceeded");
    assert_eq!(app.audit_kinds().await, before);
}

/// The feed goes on for longer than any call may take, and longer than any connection:
/// then it is told to go on elsewhere, from where it is.
#[tokio::test(flavor = "multi_thread")]
async fn the_feed_outlives_deadlines_and_moves_with_its_connection() {
    let app = TestApp::with(&[("SEKISHO_CALL_TIMEOUT", "5"), ("SEKISHO_CONNECTION_MAX_AGE", "15")]).await;
    let mut watcher = app.watch(None).await;
    // Two seconds from one to the next: longer than a call may take.
    for _ in 0..3 {
        watcher.heartbeat().await;
    }
    assert_eq!(watcher.end().await, (Code::Unavailable, "OVERLOADED".to_owned()));
    let mut watcher = app.watch(watcher.cursor).await;
    watcher.heartbeat().await;
    assert_eq!(watcher.snapshots, 0);
}
