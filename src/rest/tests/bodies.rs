use axum::body::Body;
use http::Request;
use serde_json::json;

use super::Library;
use crate::rest::MAX_BODY;

#[tokio::test]
async fn members_become_fields() {
    let library = Library::new();
    let body = json!({
        "name": "n", "subtitle": "", "author": {"name": "a", "born": 1900}, "tags": ["x", "y"],
        "counts": {"k": 3}, "genre": "GENRE_NOVEL", "pages": "9007199254740993", "inPrint": true,
        "cover": "AQI", "publishedAt": "2026-01-02T03:04:05Z", "isbn": "978", "box": "b",
        "extra": {"a": [1, null, {"b": "c"}]}, "weight": 1.5, "editors": [{"teacher": {"born": 1}}],
    });
    let answer = library.post("/v1/books", body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let wanted = json!({
        "name": "n", "subtitle": "", "author": {"name": "a", "born": 1900}, "tags": ["x", "y"],
        "counts": {"k": 3}, "genre": "GENRE_NOVEL", "pages": "9007199254740993", "in_print": true,
        "cover": "AQI=", "published_at": "2026-01-02T03:04:05Z", "isbn": "978", "box": "b",
        "extra": {"a": [1.0, null, {"b": "c"}]}, "weight": 1.5, "editors": [{"teacher": {"born": 1}}],
    });
    assert_eq!(library.seen().expect("call").message, wanted);
}

#[tokio::test]
async fn null_is_unset() {
    let library = Library::new();
    let body = r#"{"name":null,"author":null,"tags":null,"counts":null,"isbn":null,"shelf":null,"box":"b"}"#;
    assert_eq!(library.post("/v1/books", body).await.status, 200);
    assert_eq!(library.seen().expect("call").message, json!({"box": "b"}));
}

#[tokio::test]
async fn the_body_can_be_one_field() {
    let library = Library::new();
    let answer = library.post("/v1/shelves/3/books?dry_run=true", r#"{"name":"n"}"#).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(library.seen().expect("call").message, json!({"shelf": "3", "book": {"name": "n"}, "dry_run": true}));

    let answer = library.post("/v1/shelves/3/books", r#"{"author":{"age":1}}"#).await;
    assert_eq!(answer.faults(), ["book.author.age UNKNOWN_FIELD"]);
    assert_eq!(library.post("/v1/shelves/3/books", "[]").await.faults(), ["book WRONG_TYPE"]);

    let put = Request::put("/v1/tags/n").header("content-type", "application/json").body(Body::from("[\"a\"]"));
    assert_eq!(library.send(put.expect("request")).await.status, 200);
    assert_eq!(library.seen().expect("call").message, json!({"book": {"name": "n"}, "tags": ["a"]}));
}

#[tokio::test]
async fn every_fault_is_named() {
    let library = Library::new();
    for (body, faults) in [
        (r#"{"nme":"n","autor":{}}"#, vec!["nme UNKNOWN_FIELD", "autor UNKNOWN_FIELD"]),
        (
            r#"{"name":1,"inPrint":"true","pages":1.5}"#,
            vec!["name WRONG_TYPE", "in_print WRONG_TYPE", "pages WRONG_TYPE"],
        ),
        (r#"{"name":"a","name":"b"}"#, vec!["name REPEATED"]),
        (r#"{"in_print":true,"inPrint":true}"#, vec!["in_print REPEATED"]),
        (r#"{"name":null,"name":null}"#, vec!["name REPEATED"]),
        (r#"{"author":{"teacher":{"name":"a","name":"b"}}}"#, vec!["author.teacher.name REPEATED"]),
        (r#"{"editors":[{},{"born":1,"born":2}]}"#, vec!["editors[1].born REPEATED"]),
        (r#"{"extra":{"a":[{"b":1,"b":2}]}}"#, vec!["extra.a[0].b REPEATED"]),
        (r#"{"counts":{"k":1,"k":2}}"#, vec!["counts.k REPEATED"]),
        (r#"{"counts":{"k":"1","secret word":null}}"#, vec!["counts.k WRONG_TYPE", "counts WRONG_TYPE"]),
        (r#"{"shelf":"a","box":"b"}"#, vec!["box REPEATED"]),
        (r#"{"tags":["a",null,2]}"#, vec!["tags[1] WRONG_TYPE", "tags[2] WRONG_TYPE"]),
        (
            r#"{"tags":"a","author":[],"counts":[],"name":{}}"#,
            vec!["tags WRONG_TYPE", "author WRONG_TYPE", "counts WRONG_TYPE", "name WRONG_TYPE"],
        ),
        (r#"{"genre":"NOVEL"}"#, vec!["genre UNSUPPORTED"]),
        (r#"{"genre":9}"#, vec!["genre WRONG_TYPE"]),
        (r#"{"publishedAt":"yesterday"}"#, vec!["published_at MALFORMED"]),
        (r#"{"publishedAt":5}"#, vec!["published_at WRONG_TYPE"]),
        (r#"{"isbn":5}"#, vec!["isbn WRONG_TYPE"]),
        (r#"{"cover":"?"}"#, vec!["cover MALFORMED"]),
        ("{\"\\u202ename\":1}", vec!["body UNKNOWN_FIELD"]),
    ] {
        let answer = library.post("/v1/books", body).await;
        assert_eq!((answer.status, answer.error()), (400, "validation_error"), "{body}");
        assert_eq!(answer.faults(), faults, "{body}");
    }
}

#[tokio::test]
async fn what_is_not_a_json_object_is_refused() {
    let library = Library::new();
    let deep = [r#"{"extra":{"a":"#.to_owned(), "[".repeat(15), "]".repeat(15), "}}".to_owned()].concat();
    for body in [" ", "[]", "null", "\"a\"", "{} {}", "{,}", "\u{feff}{}", &deep] {
        assert_eq!(library.post("/v1/books", body.to_owned()).await.faults(), ["body INVALID_JSON"], "{body}");
    }
}

#[tokio::test]
async fn the_path_and_the_body_may_not_disagree() {
    let library = Library::new();
    let put = |body: &'static str| {
        let request = Request::put("/v1/authors/N/books/12").header("content-type", "application/json");
        request.body(Body::from(body)).expect("request")
    };
    assert_eq!(library.send(put(r#"{"pages":13}"#)).await.faults(), ["pages REPEATED"]);
    assert_eq!(library.send(put(r#"{"author":{"name":"M"}}"#)).await.faults(), ["author.name REPEATED"]);
    assert_eq!(library.send(put(r#"{"pages":12,"author":{"name":"N","born":1}}"#)).await.status, 200);
    assert_eq!(library.seen().expect("call").message, json!({"pages": "12", "author": {"name": "N", "born": 1}}));
}

#[tokio::test]
async fn the_body_must_be_json_by_its_type() {
    let library = Library::new();
    for (content_type, body, status) in [
        (None, "", 200),
        (None, "{}", 415),
        (Some("text/plain"), "{}", 415),
        (Some("text/plain"), "", 415),
        (Some("application/json; charset=UTF-8"), "{}", 200),
        (Some("application/json; charset=utf-16"), "{}", 415),
    ] {
        let mut request = Request::post("/v1/books");
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let answer = library.send(request.body(Body::from(body)).expect("request")).await;
        assert_eq!(answer.status, status, "{content_type:?} {body:?}");
    }
    let zipped =
        Request::post("/v1/books").header("content-type", "application/json").header("content-encoding", "gzip");
    assert_eq!(library.send(zipped.body(Body::from("{}")).expect("request")).await.error(), "unsupported_media_type");
}

#[tokio::test]
async fn bodies_are_bounded() {
    let library = Library::new();
    let fitting = format!("{{}}{}", " ".repeat(MAX_BODY - 2));
    assert_eq!(library.post("/v1/books", fitting.clone()).await.status, 200);
    let answer = library.post("/v1/books", fitting + " ").await;
    assert_eq!((answer.status, answer.error()), (413, "request_too_large"));

    let announced =
        Request::post("/v1/books").header("content-type", "application/json").header("content-length", "65537");
    assert_eq!(library.send(announced.body(Body::from("{}")).expect("request")).await.status, 413);
}

/// However small the parts are that it comes in.
#[tokio::test]
async fn a_body_in_parts_is_that_body() {
    let library = Library::new();
    for (length, status) in [(MAX_BODY, 200), (MAX_BODY + 1, 413)] {
        let text = format!("{{}}{}", " ".repeat(length - 2));
        let parts = text.into_bytes().into_iter().map(|byte| Ok::<_, std::io::Error>(vec![byte]));
        let request = Request::post("/v1/books").header("content-type", "application/json");
        let body = Body::from_stream(futures_util::stream::iter(parts));
        assert_eq!(library.send(request.body(body).expect("request")).await.status, status, "{length}");
    }
}

#[tokio::test]
async fn methods_without_a_body_refuse_one() {
    let library = Library::new();
    for method in ["GET", "DELETE"] {
        let request = |body| Request::builder().method(method).uri("/v1/books/7").body(body).expect("request");
        assert_eq!(library.send(request(Body::from("{}"))).await.faults(), ["body UNKNOWN_FIELD"], "{method}");
        assert_eq!(library.send(request(Body::from(""))).await.status, 200, "{method}");
    }
}
