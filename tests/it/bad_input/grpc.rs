//! gRPC by hand: frames, messages, paths and metadata.

use prost_reflect::Kind;
use tonic::Code;

use super::{
    schema, start,
    wire::{Frames, fields, frame, refusal, status},
};

const LOGIN: &str = "/sekisho.v1.AuthService/Login";

/// That it was the caller's fault, and what a library calls its own was not
/// passed on.
#[track_caller]
fn is_unreadable(status: &tonic::Status, case: &str) {
    assert_eq!(refusal(status), (Code::InvalidArgument, "VALIDATION_ERROR".to_owned()), "{case}: {status:?}");
    assert_eq!(fields(status), [("message".to_owned(), "INVALID_PROTOBUF".to_owned())], "{case}");
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_are_not_protobuf() {
    let (app, access) = start().await;
    let frames = Frames::new(&app, &access).await;
    let broken: [(&str, &[u8]); 8] = [
        ("no end of a varint", &[0xff; 11]),
        ("a key without a value", &[0x0a]),
        ("a length beyond the end", &[0x0a, 0x05, b'x']),
        ("a length beyond all memory", &[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]),
        ("field number 0", &[0x02, 0x00]),
        ("wire type 6", &[0x0e, 0x00]),
        ("wire type 7", &[0x0f, 0x00]),
        ("the end of a group that did not begin", &[0x0c]),
    ];
    for route in schema::rpcs() {
        for (case, message) in broken {
            let status = frames.message(&route.rpc, message).await;
            is_unreadable(&status, &format!("{} {case}", route.rpc));
        }
        let deep = [0x7b; 4000];
        is_unreadable(&frames.message(&route.rpc, &deep).await, &format!("{} 4000 groups", route.rpc));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_another_wire_type() {
    let (app, access) = start().await;
    let frames = Frames::new(&app, &access).await;
    for route in schema::rpcs() {
        for field in route.input.fields() {
            // A length-delimited key for a number, and a number for all else.
            let wire_type = if matches!(field.kind(), Kind::String) { 0 } else { 2 };
            let key = u8::try_from(field.number() << 3 | wire_type).unwrap();
            is_unreadable(&frames.message(&route.rpc, &[key, 1, 1]).await, &format!("{} {field:?}", route.rpc));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_that_are_none() {
    let (app, access) = start().await;
    let frames = Frames::new(&app, &access).await;
    let cases: [(&str, Vec<u8>); 8] = [
        ("no frame", Vec::new()),
        ("half a prefix", vec![0, 0, 0]),
        ("less than announced", vec![0, 0, 0, 0, 9, 1]),
        ("a flag of 2", frame(2, b"")),
        ("a flag of 255", frame(255, b"")),
        ("compressed, but not said how", frame(1, b"")),
        ("text", b"{\"email\":\"ada@example.com\"}".to_vec()),
        ("HTTP", b"POST / HTTP/1.1\r\n\r\n".to_vec()),
    ];
    for (case, body) in cases {
        let status = frames.send(LOGIN, body).await;
        let too_large = status.code() == Code::OutOfRange && matches!(case, "text" | "HTTP");
        if !too_large {
            is_unreadable(&status, case);
        }
    }
    let announced = frames.send(LOGIN, vec![0, 0xff, 0xff, 0xff, 0xff]).await;
    assert_eq!(refusal(&announced), (Code::OutOfRange, "REQUEST_TOO_LARGE".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encoding_that_is_not_spoken() {
    let (app, access) = start().await;
    let frames = Frames::new(&app, &access).await;
    for encoding in ["gzip", "zstd", "br", "nonsense"] {
        let request = frames.request(LOGIN).header("grpc-encoding", encoding).body(frame(1, b"xx"));
        let status = status(request.send().await.unwrap().headers());
        assert_eq!(status.code(), Code::Unimplemented, "{encoding}: {status:?}");
    }
}

/// R68.
#[tokio::test(flavor = "multi_thread")]
async fn messages_at_and_over_the_limit() {
    let (app, access) = start().await;
    let frames = Frames::new(&app, &access).await;
    for route in schema::rpcs() {
        let status = frames.message(&route.rpc, &vec![0; 64 * 1024 + 1]).await;
        assert_eq!(refusal(&status), (Code::OutOfRange, "REQUEST_TOO_LARGE".to_owned()), "{}", route.rpc);
        let status = frames.message(&route.rpc, &vec![0; 64 * 1024]).await;
        is_unreadable(&status, &route.rpc);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn methods_that_do_not_exist() {
    let (app, access) = start().await;
    let frames = Frames::new(&app, &access).await;
    let paths = [
        "/sekisho.v1.AuthService/Nothing",
        "/sekisho.v1.AuthService/login",
        "/sekisho.v1.AuthService/Login/",
        "/sekisho.v1.AuthService//Login",
        "//sekisho.v1.AuthService/Login",
        "/sekisho.v1.AuthService/%4cogin",
        "/sekisho.v1.AuthService%2FLogin",
        "/sekisho.v1.AuthService/",
        "/sekisho.v1.AuthService",
        "/sekisho.v1.Nothing/Login",
        "/sekisho.v2.AuthService/Login",
        "/grpc.health.v1.Health/Nothing",
        "/grpc.health.v1.Health/",
        "/api/v1/auth/login",
        "/",
    ];
    for path in paths {
        let status = frames.message(path, b"").await;
        assert_eq!(status.code(), Code::Unimplemented, "{path}: {status:?}");
    }
}

/// R68.
#[tokio::test(flavor = "multi_thread")]
async fn metadata_that_is_too_large() {
    let (app, access) = start().await;
    let frames = Frames::new(&app, &access).await;
    let request = frames.request(LOGIN).header("x-large", "x".repeat(32 * 1024)).body(frame(0, b""));
    if let Ok(answer) = request.send().await {
        assert_eq!(answer.status(), 431);
    }
    is_unreadable(&frames.send(LOGIN, "").await, "the next call on the connection");
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_that_is_garbage() {
    let (app, access) = start().await;
    let frames = Frames::new(&app, &access).await;
    let garbage = [
        ("grpc-timeout", "soon"),
        ("grpc-timeout", "99999999999999999999H"),
        ("grpc-timeout", "-1S"),
        ("x-request-id", "two words"),
        ("traceparent", "00-nothing"),
        ("accept-language", ";q=;;;q=NaN,*;q=-1,ja;q=1e999"),
        ("x-forwarded-for", "999.999.999.999, ::::"),
        ("forwarded", "for=\"[\";;;="),
        ("grpc-status-details-bin", "!!!"),
        ("some-bin", "!!!"),
    ];
    for (name, value) in garbage {
        let request = frames.request(LOGIN).header(name, value).body(frame(0, b""));
        let status = status(request.send().await.unwrap().headers());
        assert_eq!(refusal(&status), (Code::InvalidArgument, "VALIDATION_ERROR".to_owned()), "{name}: {value}");
        assert_eq!(fields(&status).len(), 3, "{name}: {value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn grpc_web_that_is_garbage() {
    let (app, _) = start().await;
    let types = [
        "application/grpc-web",
        "application/grpc-web+proto",
        "application/grpc-web-text",
        "application/grpc-nonsense",
    ];
    let bodies: [&[u8]; 6] = [b"", b"!!!!", b"AAAA", b"AAAAAAk=", b"\x80\0\0\0\x0fgrpc-status: 0\r\n", &[0xff; 64]];
    for content_type in types {
        for (method, body) in ["POST", "GET"].into_iter().flat_map(|method| bodies.map(|body| (method, body))) {
            let request = app.request(method, LOGIN).header("content-type", content_type).body(body);
            let answer = request.send().await.unwrap();
            let case = format!("{method} {content_type} {body:?}: {answer:?}");
            assert!(answer.status().as_u16() < 500, "{case}");
            let code = status(answer.headers()).code();
            assert!(!matches!(code, Code::Unknown | Code::Internal), "{case}");
        }
    }
}
