//! Bounds of connections, each by what is seen of it.

use std::{sync::Arc, time::Duration};

use sekisho::{
    clock::SystemClock,
    server::Limits,
    telemetry::Metrics,
    tls::{Tls, TlsFiles},
};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::sleep};
use tonic::Code;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use super::{
    authority::{Authority, Files},
    client::{Client, HOST, Http2, closed},
    frames::{
        self, ACK, DATA, END_HEADERS, FLOW_CONTROL_ERROR, GOAWAY, HEADERS, PING, REFUSED_STREAM, RST_STREAM, Raw,
        SETTINGS,
    },
    listener::{HELD, Listener},
};
use crate::support::{TestApp, eventually};

/// Nobody waits for it in vain for long.
const SOON: Duration = Duration::from_millis(100);
/// Nor for this; whoever does what it should has done it by then, on a machine that is busy.
const LATER: Duration = Duration::from_secs(3);
const GRACE: Duration = Duration::from_secs(30);

/// R67, F27.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_say_what_it_speaks_is_closed() {
    let listener = Listener::start(Limits { headers: LATER, ..Limits::default() }).await;
    let starts: [&[u8]; 3] = [b"", b"PRI * HTTP/2.0\r\n\r\nSM", b"P"];
    for start in starts {
        let mut stream = TcpStream::connect(listener.address).await.unwrap();
        stream.write_all(start).await.unwrap();
        assert_eq!(closed(&mut stream).await, b"");
    }
    eventually(async || listener.ended("silent") == 3).await;
    assert!(listener.serves().await);
}

/// R67, F27: slow loris. Bytes that keep coming do not put the end off.
#[tokio::test(flavor = "multi_thread")]
async fn headers_have_to_come_in_time() {
    let listener = Listener::start(Limits { headers: LATER, ..Limits::default() }).await;
    let mut stream = TcpStream::connect(listener.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nx-slow: ").await.unwrap();
    let (mut read, mut write) = stream.split();
    let trickle = async {
        while write.write_all(b"a").await.is_ok() {
            sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::join!(closed(&mut read), trickle);
    eventually(async || listener.ended("broken") == 1).await;
    assert!(listener.serves().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_without_calls_is_closed_and_one_with_a_call_is_not() {
    let listener = Listener::start(Limits { idle: LATER, ..Limits::default() }).await;
    let busy = Http2::connect(listener.address).await;
    let call = async { busy.get(HELD).await.unwrap() };
    let others = async {
        listener.has_begun().await;
        for _ in 0..4 {
            // Its end is orderly: what was sent is answered.
            Http2::connect(listener.address).await.end.await.unwrap().unwrap();
        }
        listener.let_go(1);
    };
    assert_eq!(tokio::join!(call, others).0, 200);
    eventually(async || listener.ended("idle") == 4).await;
}

/// The call in flight is answered before the connection ends; the next goes elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_connection_takes_no_more_calls() {
    let listener = Listener::start(Limits { age: Some(LATER), ..Limits::default() }).await;
    let old = Http2::connect(listener.address).await;
    let send = old.send.clone();
    let refused = async {
        listener.has_begun().await;
        // A connection that is told to go takes requests no longer.
        eventually(async || send.clone().ready().await.is_err()).await;
        listener.let_go(1);
    };
    let (answered, ()) = tokio::join!(old.get(HELD), refused);
    assert_eq!(answered.unwrap(), 200);
    drop(send);
    old.end.await.unwrap().unwrap();
    eventually(async || listener.ended("aged") == 1).await;
    assert!(listener.serves().await);
}

/// A call that does not end is cut off after the grace.
#[tokio::test(flavor = "multi_thread")]
async fn an_old_connection_does_not_wait_for_ever() {
    let listener = Listener::start(Limits { age: Some(SOON), grace: SOON, ..Limits::default() }).await;
    assert!(Http2::connect(listener.address).await.get(HELD).await.is_err());
    eventually(async || (listener.ended("aged"), listener.running()) == (1, 0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_answers_no_ping_is_gone() {
    let listener = Listener::start(Limits { ping_every: SOON, ping_answer: SOON, ..Limits::default() }).await;
    let mut raw = Raw::connect(listener.address).await;
    assert!(raw.all().await.iter().any(|frame| frame.kind == PING));
    eventually(async || listener.connections() == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_too_many_is_closed_at_once() {
    let listener = Listener::start(Limits { connections: 2, ..Limits::default() }).await;
    let first = Http2::connect(listener.address).await;
    let second = Http2::connect(listener.address).await;
    assert_eq!((first.get("/").await.unwrap(), second.get("/").await.unwrap()), (200, 200));
    assert_eq!(closed(&mut TcpStream::connect(listener.address).await.unwrap()).await, b"");
    assert_eq!((listener.refused(), listener.connections()), (1, 2));
    // Those who are there are not touched, and a place that is free is given again.
    assert_eq!(first.get("/").await.unwrap(), 200);
    drop(first.send);
    eventually(async || listener.serves().await).await;
    assert_eq!(second.get("/").await.unwrap(), 200);
}

/// R67. Whatever a client sends, no more run at once.
#[tokio::test(flavor = "multi_thread")]
async fn one_stream_too_many_is_refused() {
    let listener = Listener::start(Limits { streams: 2, ..Limits::default() }).await;
    let mut raw = Raw::connect(listener.address).await;
    for stream in [1, 3, 5] {
        raw.send(&frames::get(stream, HELD)).await;
    }
    let refused = raw.next(RST_STREAM).await.unwrap();
    assert_eq!((refused.stream, refused.code()), (5, REFUSED_STREAM));
    listener.has_begun().await;
    listener.has_begun().await;
    listener.let_go(3);
    let mut answered = Vec::new();
    while answered.len() < 2 {
        answered.push(raw.next(HEADERS).await.unwrap().stream);
    }
    answered.sort_unstable();
    assert_eq!((answered, listener.most()), (vec![1, 3], 2));
}

/// R67. More headers than may be: that call is refused, and no other.
#[tokio::test(flavor = "multi_thread")]
async fn a_header_list_that_is_too_large_is_refused() {
    let listener = Listener::start(Limits { header_list: 4 * 1024, ..Limits::default() }).await;
    let connection = Http2::connect(listener.address).await;
    let mut large = super::client::request("/");
    large.headers_mut().insert("x-large", "x".repeat(8 * 1024).parse().unwrap());
    let (answer, _body) = connection.begin(large).await;
    assert_eq!(answer.await.unwrap().status(), 431);
    assert_eq!(connection.get("/").await.unwrap(), 200);
}

/// R67. What nobody reads is kept up to a window, and no further (RFC 9113, section 5.2).
#[tokio::test(flavor = "multi_thread")]
async fn no_more_is_taken_ahead_than_a_window_holds() {
    const PART: u32 = 16 * 1024;
    let limits = Limits { windows: [2 * PART, 5 * PART], ..Limits::default() };
    let listener = Listener::start(limits).await;
    for (streams, parts) in [(&[1_u32][..], 3), (&[1, 3, 5], 6)] {
        let mut raw = Raw::connect(listener.address).await;
        // Before that, what it says of streams does not hold.
        raw.next(SETTINGS).await.unwrap();
        raw.send(&frames::frame(SETTINGS, ACK, 0, &[])).await;
        for &stream in streams {
            raw.send(&frames::frame(HEADERS, END_HEADERS, stream, &frames::headers(HELD))).await;
            listener.has_begun().await;
        }
        for &stream in streams.iter().cycle().take(parts) {
            raw.send(&frames::frame(DATA, 0, stream, &[b'x'; PART as usize])).await;
        }
        let refused = loop {
            let frame = raw.frame().await.expect("a refusal");
            if [RST_STREAM, GOAWAY].contains(&frame.kind) {
                break frame;
            }
        };
        assert_eq!(refused.code(), FLOW_CONTROL_ERROR, "{refused:?}");
    }
}

/// However many say nothing, whoever does is served meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_does_not_come_holds_nobody_up() {
    let authority = Authority::new("ours");
    let files = Files::of(&authority.issue(&[HOST]));
    let paths = TlsFiles {
        certificate: files.path("tls.crt"),
        key: files.path("tls.key"),
        client_ca: None,
        is_client_optional: false,
    };
    let tls = Arc::new(Tls::load(&paths, Arc::new(SystemClock), Arc::<Metrics>::default()).unwrap());
    let listener = Listener::with(Limits { handshake: 2 * LATER, ..Limits::default() }, Some(tls), GRACE).await;
    let mut silent = Vec::new();
    for _ in 0..50 {
        silent.push(TcpStream::connect(listener.address).await.unwrap());
    }
    let answer = Client::of(&authority).get(listener.address, "/").await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    for mut stream in silent {
        assert_eq!(closed(&mut stream).await, b"");
    }
    eventually(async || listener.ended("handshake") == 50).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_waits_for_calls_and_cuts_them_at_the_end_of_its_grace() {
    for (grace, is_answered) in [(GRACE, true), (LATER, false)] {
        let listener = Listener::with(Limits::default(), None, grace).await;
        let idle = Http2::connect(listener.address).await;
        assert_eq!(idle.get("/").await.unwrap(), 200);
        let busy = Http2::connect(listener.address).await;
        let stop = async {
            listener.has_begun().await;
            listener.stop();
            idle.end.await.unwrap().unwrap();
            if is_answered {
                listener.let_go(1);
            }
        };
        let (answer, ()) = tokio::join!(busy.get(HELD), stop);
        assert_eq!(answer.is_ok(), is_answered);
        listener.stopped().await;
    }
}

/// An upload that breaks off is no reason to end what others do on the connection.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_given_up_leaves_the_others() {
    let listener = Listener::start(Limits::default()).await;
    let mut raw = Raw::connect(listener.address).await;
    raw.send(&frames::get(1, HELD)).await;
    listener.has_begun().await;
    raw.send(&frames::frame(RST_STREAM, 0, 1, &frames::CANCEL.to_be_bytes())).await;
    eventually(async || listener.running() == 0).await;
    raw.send(&frames::get(3, "/")).await;
    assert_eq!(raw.next(HEADERS).await.unwrap().stream, 3);
    assert_eq!(listener.connections(), 1);
}

/// Who watches how a server is gets to know that it stops, and does not hold that up.
#[tokio::test(flavor = "multi_thread")]
async fn a_watch_of_health_ends_with_the_service() {
    let app = TestApp::start().await;
    let mut health = HealthClient::new(app.channel().await);
    let mut watch = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    let serving = watch.message().await.unwrap().unwrap();
    assert_eq!(serving.status, i32::from(ServingStatus::Serving));
    app.stop().await;
    let ended = loop {
        match watch.message().await {
            Ok(Some(said)) => assert_eq!(said.status, i32::from(ServingStatus::NotServing)),
            Ok(None) => panic!("no reason"),
            Err(status) => break status,
        }
    };
    assert_eq!((ended.code(), ended.message()), (Code::Unavailable, "the connection takes no more calls"));
}
