//! Answers that outlive their token, of a real server on loopback.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failure to set a test up is a failed test")]

use std::{
    convert::Infallible,
    future::{Ready, ready},
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, body::Bytes, routing::get};
use http_body_util::BodyExt;
use sekisho_interceptor::{Access, AuthLayer, Clock, Entry, Event, PolicySet, Refusal};
use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    Code, Request, Response, Status, Streaming,
    body::Body,
    client::Grpc,
    server::{NamedService, ServerStreamingService},
    transport::{Channel, Server, server::TcpIncoming},
};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt;
use tower::{Service, ServiceExt};

use crate::{
    known::{Known, Tally},
    support::{Issuer, NOW, claims, person, verifier},
};

const PATH: &str = "/shop.v1.Ticks/Watch";
const GENEROUS: Duration = Duration::from_secs(30);

type Sender = mpsc::Sender<Result<String, Status>>;

/// Streams what the test puts into the sender that it keeps of each call.
#[derive(Clone, Default)]
struct Ticks(Arc<Mutex<Vec<Sender>>>);

impl ServerStreamingService<String> for Ticks {
    type Response = String;
    type ResponseStream = ReceiverStream<Result<String, Status>>;
    type Future = Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, _: Request<String>) -> Self::Future {
        let (sender, receiver) = mpsc::channel(8);
        self.0.lock().unwrap().push(sender);
        ready(Ok(Response::new(ReceiverStream::new(receiver))))
    }
}

impl NamedService for Ticks {
    const NAME: &'static str = "shop.v1.Ticks";
}

impl Service<http::Request<Body>> for Ticks {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let ticks = self.clone();
        Box::pin(async move {
            let mut grpc = tonic::server::Grpc::new(ProstCodec::<String, String>::default());
            Ok(grpc.server_streaming(ticks, request).await)
        })
    }
}

struct Stand {
    ticks: Ticks,
    channel: Channel,
    token: String,
    known: Arc<Known>,
    tally: Arc<Tally>,
}

impl Stand {
    async fn new(clock: Clock) -> Self {
        let issuer = Issuer::ed25519();
        let policy = PolicySet::default().route("POST", PATH, Access::default()).unwrap();
        let (known, tally, ticks) = (Known::new(clock.clone()), Arc::new(Tally::default()), Ticks::default());
        let layer = AuthLayer::new(verifier(), Arc::new(Arc::new(issuer.keys())), Arc::new(policy), clock)
            .revocations(known.clone())
            .counting(tally.clone());
        let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = incoming.local_addr().unwrap();
        let server = Server::builder().layer(layer).add_service(ticks.clone());
        tokio::spawn(server.serve_with_incoming(incoming));
        let channel = Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
        Self { ticks, channel, token: issuer.good(), known, tally }
    }

    /// Opens a stream and reads its first message.
    async fn open(&self) -> (Streaming<String>, Sender) {
        let mut grpc = Grpc::new(self.channel.clone());
        grpc.ready().await.unwrap();
        let mut request = Request::new(String::new());
        request.metadata_mut().insert("authorization", format!("Bearer {}", self.token).parse().unwrap());
        let codec = ProstCodec::<String, String>::default();
        let answer = grpc.server_streaming(request, PATH.parse().unwrap(), codec).await.unwrap();
        let mut stream = answer.into_inner();
        let sender = self.ticks.0.lock().unwrap().pop().unwrap();
        sender.send(Ok("first".to_owned())).await.unwrap();
        assert_eq!(stream.message().await.unwrap().as_deref(), Some("first"));
        (stream, sender)
    }

    fn cuts(&self) -> Vec<Event> {
        self.tally.take().into_iter().filter(|event| matches!(event, Event::StreamCut(_))).collect()
    }
}

async fn assert_cut(mut stream: Streaming<String>, sender: Sender, reason: &str) {
    let status = timeout(GENEROUS, stream.message()).await.expect("the stream goes on").unwrap_err();
    let info = status.get_details_error_info().unwrap();
    assert_eq!((status.code(), info.reason.as_str()), (Code::Unauthenticated, reason));
    timeout(GENEROUS, sender.closed()).await.expect("the method goes on");
}

fn session() -> Entry {
    Entry::Session { sid: person().sid, expires_at: NOW + 900 }
}

#[tokio::test]
async fn h65_a_stream_ends_when_its_session_is_revoked() {
    let stand = Stand::new(Arc::new(|| NOW)).await;
    let (stream, sender) = stand.open().await;
    stand.known.learn(session());
    assert_cut(stream, sender, "SESSION_REVOKED").await;
    assert_eq!(stand.cuts(), [Event::StreamCut(Refusal::Revoked)]);
}

#[tokio::test(start_paused = true)]
async fn h65_a_stream_ends_when_its_token_expires() {
    let start = Instant::now();
    let stand = Stand::new(Arc::new(move || NOW + start.elapsed().as_secs() as i64)).await;
    let (mut stream, sender) = stand.open().await;
    // Time moves by itself, as far as to the next timer, while everybody waits.
    let status = stream.message().await.unwrap_err();
    let lived = start.elapsed().as_secs();
    assert!((905..=906).contains(&lived), "cut after {lived} s");
    let info = status.get_details_error_info().unwrap();
    assert_eq!((status.code(), info.reason.as_str()), (Code::Unauthenticated, "ACCESS_TOKEN_EXPIRED"));
    sender.closed().await;
    assert_eq!(stand.cuts(), [Event::StreamCut(Refusal::Expired)]);
}

#[tokio::test]
async fn the_streams_of_others_go_on() {
    let stand = Stand::new(Arc::new(|| NOW)).await;
    let (mut stream, sender) = stand.open().await;
    stand.known.learn(Entry::Session { sid: claims().jti, expires_at: NOW + 900 });
    sender.send(Ok("second".to_owned())).await.unwrap();
    assert_eq!(stream.message().await.unwrap().as_deref(), Some("second"));
    drop(sender);
    assert_eq!(stream.message().await.unwrap(), None);
    assert_eq!(stand.cuts(), []);
}

#[tokio::test]
async fn a_hundred_streams_are_cut_by_one_revocation() {
    let stand = Stand::new(Arc::new(|| NOW)).await;
    let mut open = Vec::new();
    for _ in 0..100 {
        open.push(stand.open().await);
    }
    stand.known.learn(session());
    for (stream, sender) in open {
        assert_cut(stream, sender, "SESSION_REVOKED").await;
    }
    assert_eq!(stand.cuts().len(), 100);
    assert_eq!(stand.known.watchers(), 0, "a stream that ended still watches");
}

#[tokio::test]
async fn a_body_that_is_not_grpc_breaks_off() {
    let issuer = Issuer::ed25519();
    let policy = PolicySet::default().route("GET", "/ticks", Access::default()).unwrap();
    let known = Known::new(Arc::new(|| NOW));
    let layer = AuthLayer::new(verifier(), Arc::new(Arc::new(issuer.keys())), Arc::new(policy), Arc::new(|| NOW))
        .revocations(known.clone());
    let (sender, receiver) = mpsc::channel::<Result<Bytes, Infallible>>(1);
    sender.send(Ok(Bytes::from_static(b"first"))).await.unwrap();
    let held = Arc::new(Mutex::new(Some(receiver)));
    let handler =
        move || async move { axum::body::Body::from_stream(ReceiverStream::new(held.lock().unwrap().take().unwrap())) };
    let router = Router::new().route("/ticks", get(handler)).layer(layer);
    let request = http::Request::get("/ticks").header("authorization", format!("Bearer {}", issuer.good()));
    let response = router.oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
    let mut body = response.into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "first");
    known.learn(session());
    let end = timeout(GENEROUS, body.frame()).await.expect("the body goes on").unwrap();
    assert_eq!(end.unwrap_err().to_string(), "the session has ended");
    assert!(sender.is_closed());
}

#[tokio::test]
async fn an_answer_that_tells_of_its_own_revocation_arrives() {
    let issuer = Issuer::ed25519();
    let policy = PolicySet::default().route("GET", "/logout", Access::default()).unwrap();
    let known = Known::new(Arc::new(|| NOW));
    let layer = AuthLayer::new(verifier(), Arc::new(Arc::new(issuer.keys())), Arc::new(policy), Arc::new(|| NOW))
        .revocations(known.clone());
    let handler = move || async move {
        known.learn(session());
        "signed out"
    };
    let router = Router::new().route("/logout", get(handler)).layer(layer);
    let request = http::Request::get("/logout").header("authorization", format!("Bearer {}", issuer.good()));
    let response = router.oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "signed out");
}
