use axum::body::{Body, Bytes};
use http::{Request, Response};
use serde_json::json;
use tonic::Status;

use super::{Library, library::ok};
use crate::{
    domain::Locale,
    error::{Error, Rule, Wire},
};

#[tokio::test]
async fn messages_are_written_with_proto_names_and_defaults() {
    let library = Library::answering(
        "test.v1.Book",
        r#"{"name":"n","pages":"9007199254740993","publishedAt":"2026-01-02T03:04:05.5Z","genre":1,"inPrint":true}"#,
        &[],
    );
    let answer = library.call("GET", "/v1/books/7").await;
    let wanted = json!({
        "name": "n", "tags": [], "counts": {}, "genre": "GENRE_NOVEL", "pages": "9007199254740993",
        "in_print": true, "cover": "", "published_at": "2026-01-02T03:04:05.500Z", "weight": 0.0, "editors": [],
    });
    assert_eq!(answer.json, wanted);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn the_body_can_be_one_field_of_the_answer() {
    let library = Library::answering("test.v1.ListBooksResponse", r#"{"books":[{"name":"n"}],"total":"2"}"#, &[]);
    assert_eq!(library.call("GET", "/v1/books:plain").await.json[0]["name"], "n");
    assert_eq!(library.call("GET", "/v1/books:total").await.text, "\"2\"");
    assert_eq!(library.call("GET", "/v1/books:first").await.text, "null");
}

#[tokio::test]
async fn metadata_becomes_headers() {
    let library = Library::answering(
        "test.v1.Book",
        "{}",
        &[
            ("x-http-code", "201"),
            ("x-request-id", "r1"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
            ("cache-control", "max-age=300"),
            ("grpc-encoding", "identity"),
            ("content-length", "5"),
        ],
    );
    let answer = library.call("GET", "/v1/books/7").await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.headers["x-request-id"], "r1");
    assert_eq!(answer.headers["cache-control"], "max-age=300");
    assert_eq!(answer.headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
    for gone in ["x-http-code", "grpc-status", "grpc-encoding", "content-length"] {
        assert!(!answer.headers.contains_key(gone), "{gone}");
    }
}

#[tokio::test]
async fn only_a_final_http_status_is_taken() {
    for (code, wanted) in [("204", 204), ("100", 200), ("600", 200), ("x", 200)] {
        let library = Library::replying(move || ok(&[("x-http-code", code)], Bytes::from_static(&[0; 5])));
        let answer = library.call("GET", "/v1/books/7").await;
        assert_eq!(answer.status, wanted, "{code}");
        assert_eq!(answer.text.is_empty(), wanted == 204, "{code}");
    }
}

#[tokio::test]
async fn refusals_of_the_upstream_keep_their_details() {
    let wire = Wire { locale: Locale::Ja, request_id: "r1".into(), method: None };
    let library = Library::replying(move || {
        let mut response = wire.refuse(&Error::invalid("name", Rule::TooLong(9))).into_http();
        response.headers_mut().insert("x-request-id", "r1".parse().expect("header"));
        response.headers_mut().insert("content-length", "0".parse().expect("header"));
        response
    });
    let answer = library.call("GET", "/v1/books/7").await;
    assert_eq!((answer.status, answer.error()), (400, "validation_error"));
    assert_eq!(answer.faults(), ["name TOO_LONG"]);
    assert_eq!(answer.json["request_id"], "r1");
    assert_eq!(answer.headers["x-request-id"], "r1");
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert!(!answer.headers.contains_key("content-length"));
}

#[tokio::test]
async fn headers_of_a_refusal_pass() {
    let library = Library::replying(|| Wire::default().refuse(&Error::Overloaded).into_http());
    let answer = library.call("GET", "/v1/books/7").await;
    assert_eq!((answer.status, answer.error()), (503, "overloaded"));
    assert_eq!(answer.headers["retry-after"], "1");
}

#[tokio::test]
async fn a_status_of_a_library_is_answered_too() {
    let library = Library::replying(|| Status::unimplemented("").into_http());
    let answer = library.call("GET", "/v1/books/7").await;
    assert_eq!((answer.status, answer.error()), (501, "not_found"));
}

#[tokio::test]
async fn malformed_responses_are_internal_and_say_nothing() {
    type Reply = fn() -> Response<tonic::body::Body>;
    let malformed: [Reply; 6] = [
        || Response::new(tonic::body::Body::empty()),
        || ok(&[], Bytes::new()),
        || ok(&[], Bytes::from_static(b"\x01\0\0\0\0")),
        || ok(&[], Bytes::from_static(b"\0\0\0\0\x01\xff")),
        || ok(&[("grpc-status-details-bin", "?")], Bytes::from_static(&[0; 5])),
        || ok(&[], Bytes::from_static(b"\0\0\0\0\0\0\0\0\0\0")),
    ];
    for reply in malformed {
        let answer = Library::replying(reply).call("GET", "/v1/books/7").await;
        assert_eq!((answer.status, answer.error()), (500, "internal"));
        assert_eq!(answer.json["details"], json!({}));
    }
}

#[tokio::test]
async fn the_upstream_sees_the_caller() {
    let library = Library::new();
    let mut request = Request::get("/v1/books/7");
    for (name, value) in [
        ("authorization", "Bearer a"),
        ("authorization", "Bearer b"),
        ("traceparent", "00-1"),
        ("x-forwarded-for", "192.0.2.1"),
        ("grpc-timeout", "1S"),
        ("cookie", "secret"),
        ("grpc-status", "0"),
        ("x-anything", "1"),
    ] {
        request = request.header(name, value);
    }
    library.send(request.extension(7_u8).body(Body::empty()).expect("request")).await;
    let seen = library.seen().expect("call");
    assert_eq!(seen.headers.get_all("authorization").iter().count(), 2);
    assert_eq!(seen.headers["content-type"], "application/grpc");
    assert_eq!(seen.headers["te"], "trailers");
    assert_eq!(seen.extensions.get(), Some(&7_u8));
    for (name, passed) in [
        ("traceparent", true),
        ("x-forwarded-for", true),
        ("grpc-timeout", true),
        ("cookie", false),
        ("grpc-status", false),
        ("x-anything", false),
    ] {
        assert_eq!(seen.headers.contains_key(name), passed, "{name}");
    }
}

#[tokio::test]
async fn refusals_of_its_own_are_worded_for_the_caller() {
    let library = Library::new();
    let request = || Request::get("/nowhere").header("accept-language", "ja");
    let answer = library.send(request().body(Body::empty()).expect("request")).await;
    assert_eq!(
        answer.json,
        json!({
            "error": "not_found", "message": "見つかりませんでした。", "details": {}, "request_id": "",
        })
    );
    let wire = Wire { locale: Locale::En, request_id: "r1".into(), method: None };
    let answer = library.send(request().extension(wire).body(Body::empty()).expect("request")).await;
    assert_eq!(answer.json["request_id"], "r1");
    assert_eq!(answer.json["message"], "There is no such thing.");
}
