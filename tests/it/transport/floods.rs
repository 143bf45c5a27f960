//! Floods of HTTP/2: whoever sends them is cut off, and nobody else notices.

use futures_util::{StreamExt, stream::FuturesUnordered};
use sekisho::{proto::sekisho::v1::GetKeysRequest, server::Limits};
use tokio::io::AsyncWriteExt;
use tonic::Code;

use super::{
    client::{Http2, request},
    frames::{
        self, CANCEL, CONTINUATION, END_HEADERS, ENHANCE_YOUR_CALM, GOAWAY, HEADERS, RST_STREAM, Raw, WINDOW_UPDATE,
        frame,
    },
    listener::{HELD, Listener},
};
use crate::{
    bad_input::wire::{refusal, status},
    support::{TestApp, eventually},
};

/// R67, F27: CVE-2023-44487, where the reset comes before anybody has looked at the
/// request.
#[tokio::test(flavor = "multi_thread")]
async fn rapid_reset_ends_the_connection() {
    let listener = Listener::start(Limits::default()).await;
    let honest = Http2::connect(listener.address).await;
    let mut raw = Raw::connect(listener.address).await;
    let flood: Vec<u8> = (0..1_000)
        .flat_map(|number| {
            let stream = 2 * number + 1;
            [frames::get(stream, HELD), frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes())].concat()
        })
        .collect();
    raw.send(&flood).await;
    let last = raw.all().await.into_iter().rfind(|frame| frame.kind == GOAWAY);
    // Unless the answer was lost with the connection.
    assert!(last.is_none_or(|frame| frame.code() == ENHANCE_YOUR_CALM));
    eventually(async || (listener.connections(), listener.running()) == (1, 0)).await;
    assert!(listener.most() <= 20, "{} of a thousand ran", listener.most());
    assert_eq!(honest.get("/").await.unwrap(), 200);
}

/// R67, F27: the same, slow enough for each request to have begun. No library counts
/// these.
#[tokio::test(flavor = "multi_thread")]
async fn giving_up_what_has_begun_ends_the_connection() {
    let listener = Listener::start(Limits { abandoned: 10, ..Limits::default() }).await;
    let honest = Http2::connect(listener.address).await;
    let offender = Http2::connect(listener.address).await;
    let mut given_up = 0;
    while let Ok(mut ready) = offender.send.clone().ready().await {
        let Ok((_answer, mut stream)) = ready.send_request(request(HELD), false) else { break };
        tokio::select! {
            () = listener.has_begun() => {}
            () = async { eventually(async || listener.ended("flooded") == 1).await } => break,
        }
        stream.send_reset(h2::Reason::CANCEL);
        given_up += 1;
        assert!(given_up <= 1_000, "the connection goes on");
    }
    eventually(async || (listener.ended("flooded"), listener.running()) == (1, 0)).await;
    assert!(given_up > 10, "{given_up} are few");
    assert_eq!(honest.get("/").await.unwrap(), 200);
}

/// R67: CVE-2025-8671, where we are made to reset streams: a window that grows
/// too far is an error of its stream (RFC 9113, section 6.9.1).
#[tokio::test(flavor = "multi_thread")]
async fn provoked_resets_end_the_connection() {
    let listener = Listener::start(Limits { provoked_resets: 10, ..Limits::default() }).await;
    let honest = Http2::connect(listener.address).await;
    let mut raw = Raw::connect(listener.address).await;
    let mut provoked = 0;
    for stream in (1..).step_by(2) {
        let begun = frame(HEADERS, END_HEADERS, stream, &frames::headers(HELD));
        let too_far = frame(WINDOW_UPDATE, 0, stream, &0x7fff_ffff_u32.to_be_bytes());
        raw.send(&[begun, too_far].concat()).await;
        match raw.next(RST_STREAM).await {
            Some(reset) => assert_eq!(reset.stream, stream),
            None => break,
        }
        provoked += 1;
    }
    assert_eq!(provoked, 10);
    eventually(async || (listener.connections(), listener.running()) == (1, 0)).await;
    assert_eq!(honest.get("/").await.unwrap(), 200);
}

/// RUSTSEC-2024-0332: headers that do not come to an end.
#[tokio::test(flavor = "multi_thread")]
async fn endless_continuation_ends_the_connection() {
    let listener = Listener::start(Limits::default()).await;
    let mut raw = Raw::connect(listener.address).await;
    raw.send(&frame(HEADERS, 0, 1, &frames::headers("/"))).await;
    // Literals without a name that is known: nothing is gained by compression.
    let part = [&[0x00, 1, b'x', 100][..], &[b'y'; 100]].concat().repeat(150);
    let (mut read, mut write) = raw.0.into_split();
    let sent = async {
        let mut sent = 0;
        while write.write_all(&frame(CONTINUATION, 0, 1, &part)).await.is_ok() {
            sent += part.len();
            assert!(sent < 64 << 20, "the connection goes on");
        }
    };
    tokio::join!(sent, super::client::closed(&mut read));
    eventually(async || listener.connections() == 0).await;
    assert!(listener.serves().await);
}

fn login() -> http::Request<()> {
    let request = http::Request::post("http://localhost/sekisho.v1.AuthService/Login");
    request.header("content-type", "application/grpc").header("te", "trailers").body(()).unwrap()
}

/// Whoever begins many messages and ends none fills a connection, and no more.
#[tokio::test(flavor = "multi_thread")]
async fn messages_that_do_not_end_take_no_more_than_their_room() {
    let app = TestApp::start().await;
    let beginning = bytes::Bytes::from([&[0, 0, 1, 0, 0][..], &[0; 60_000]].concat());
    let offender = Http2::connect(app.app.listen).await;
    let (mut answers, mut streams) = (FuturesUnordered::new(), Vec::new());
    for _ in 0..60 {
        let (answer, mut stream) = offender.begin(login()).await;
        stream.send_data(beginning.clone(), false).unwrap();
        answers.push(answer);
        streams.push(stream);
    }
    // The others are kept, and are a mebibyte at most, without their first four kibibytes.
    for _ in 0..60 - 1024 * 1024 / (60_000 - 4 * 1024) {
        let refused = answers.next().await.unwrap().unwrap();
        assert_eq!(refusal(&status(refused.headers())), (Code::Unavailable, "OVERLOADED".to_owned()));
    }
    assert!(app.tokens().await.get_keys(GetKeysRequest {}).await.is_ok(), "others notice nothing");
    // Nor do they on the same connection, which may be that of a proxy.
    let (answer, mut stream) = offender.begin(login()).await;
    stream.send_data(bytes::Bytes::from_static(&[0; 5]), true).unwrap();
    assert_eq!(refusal(&status(answer.await.unwrap().headers())).1, "VALIDATION_ERROR");
    drop((answers, streams));
    eventually(async || {
        let (answer, mut stream) = offender.begin(login()).await;
        stream.send_data(beginning.slice(..0), true).unwrap();
        refusal(&status(answer.await.unwrap().headers())).1 == "VALIDATION_ERROR"
    })
    .await;
}

/// Nor do calls that send no message at all: where many wait, a connection may have few.
#[tokio::test(flavor = "multi_thread")]
async fn calls_without_messages_leave_room_for_those_of_others() {
    const OFFENDERS: usize = 22;
    let app = TestApp::with(&[("SEKISHO_MAX_CONNECTIONS", "64")]).await;
    let (mut answers, mut kept) = (FuturesUnordered::new(), Vec::new());
    for _ in 0..OFFENDERS {
        let offender = Http2::connect(app.app.listen).await;
        for _ in 0..200 {
            let (answer, stream) = offender.begin(login()).await;
            answers.push(answer);
            kept.push(stream);
        }
    }
    // But for 4,096 of all, and two of each connection.
    for _ in 0..OFFENDERS * (200 - 2) - 4_096 {
        let refused = answers.next().await.unwrap().unwrap();
        assert_eq!(refusal(&status(refused.headers())), (Code::Unavailable, "OVERLOADED".to_owned()));
    }
    assert!(app.tokens().await.get_keys(GetKeysRequest {}).await.is_ok(), "others notice nothing");
}
