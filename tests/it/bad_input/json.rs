//! Bodies as a whole: their form, their type and their size.

use futures_util::stream;
use http_body_util::StreamBody;
use serde_json::json;

use super::{start, wire};
use crate::support::{Answer, TestApp, app::PASSWORD, http::send};

const LOGIN: &str = "/api/v1/auth/login";
const LIMIT: usize = 64 * 1024;

async fn login(app: &TestApp, body: impl Into<reqwest::Body>) -> Answer {
    send(app.request("POST", LOGIN).header("content-type", "application/json").body(body)).await
}

/// That the fields named are these, each with its reason.
#[track_caller]
fn names(answer: &Answer, wanted: &[(&str, &str)]) {
    answer.refused(400, "validation_error");
    let named = answer.fields();
    let named: Vec<_> = named.iter().map(|(field, reason)| (field.as_str(), reason.as_str())).collect();
    assert_eq!(named, wanted);
}

fn valid() -> serde_json::Value {
    json!({"email": "ada@example.com", "password": PASSWORD, "client_id": "laptop"})
}

/// R68.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_one_json_object() {
    let (app, _) = start().await;
    let valid = valid().to_string();
    let nested = |open: &str, close: &str| format!("{}1{}", open.repeat(2000), close.repeat(2000));
    let broken = [
        "{".to_owned(),
        "}".to_owned(),
        "null".to_owned(),
        "true".to_owned(),
        "7".to_owned(),
        "\"text\"".to_owned(),
        "[]".to_owned(),
        format!("[{valid}]"),
        format!("{valid}{valid}"),
        format!("{valid}\0"),
        format!("{valid},"),
        format!("\u{feff}{valid}"),
        valid.replace('"', "'"),
        valid.replace('}', ",}"),
        format!("/* */{valid}"),
        "{\"email\":NaN}".to_owned(),
        "{\"email\":1e999}".to_owned(),
        "{\"email\":\"a\nb\"}".to_owned(),
        nested("[", "]"),
        nested("{\"a\":", "}"),
        format!("{{\"email\":{}}}", nested("[", "]")),
        "[".repeat(LIMIT),
        "{\"a\":".repeat(LIMIT / 5),
    ];
    for body in broken {
        names(&login(&app, body).await, &[("body", "INVALID_JSON")]);
    }
}

/// R68.
#[tokio::test(flavor = "multi_thread")]
async fn members_that_are_too_many() {
    let (app, _) = start().await;
    let with = |more: &str| valid().to_string().replacen('{', &format!("{{{more},"), 1);
    names(&login(&app, with(r#""admin":true"#)).await, &[("admin", "UNKNOWN_FIELD")]);
    names(&login(&app, with(r#""EMAIL":"eve@example.com""#)).await, &[("EMAIL", "UNKNOWN_FIELD")]);
    names(&login(&app, with(r#""a b\u202e":1"#)).await, &[("body", "UNKNOWN_FIELD")]);
    names(&login(&app, with(r#""email":"eve@example.com""#)).await, &[("email", "REPEATED")]);
    names(&login(&app, with(r#""\u0065mail":"eve@example.com""#)).await, &[("email", "REPEATED")]);
    names(&login(&app, with(r#""email":null"#)).await, &[("email", "REPEATED")]);
    names(&login(&app, with(r#""clientId":"phone""#)).await, &[("client_id", "REPEATED")]);

    let many: String = (0..4000).map(|n| format!("\"m{n}\":0,")).collect();
    let answer = login(&app, format!("{{{}\"last\":0}}", &many[..])).await;
    answer.refused(400, "validation_error");
    assert_eq!(answer.fields().len(), 16, "more would make the answer larger than the question");
}

#[tokio::test(flavor = "multi_thread")]
async fn either_spelling_of_a_member_is_taken() {
    let (app, _) = start().await;
    let body = json!({"email": "ada@example.com", "password": PASSWORD, "clientId": "laptop", "deviceName": "Lap"});
    assert_eq!(login(&app, body.to_string()).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_another_type() {
    let (app, _) = start().await;
    let types = [
        "",
        "text/plain",
        "text/json",
        "application/jsonp",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/json, application/json",
        "*/*",
    ];
    for content_type in types {
        let request = app.request("POST", LOGIN).header("content-type", content_type);
        send(request.body(valid().to_string())).await.refused(415, "unsupported_media_type");
    }
    send(app.request("POST", LOGIN).body(valid().to_string())).await.refused(415, "unsupported_media_type");
    let twice = app.request("POST", LOGIN).header("content-type", "application/json").json(&valid());
    let twice = twice.header("content-type", "application/json");
    send(twice).await.refused(415, "unsupported_media_type");
    let packed = app.request("POST", LOGIN).json(&valid()).header("content-encoding", "gzip");
    send(packed).await.refused(415, "unsupported_media_type");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_missing_or_not_wanted() {
    let (app, access) = start().await;
    let required = [("email", "REQUIRED"), ("password", "REQUIRED"), ("client_id", "REQUIRED")];
    for body in ["", "{}"] {
        names(&login(&app, body).await, &required);
    }
    let read = app.request("GET", "/api/v1/user/profile").bearer_auth(access).json(&json!({}));
    names(&send(read).await, &[("body", "UNKNOWN_FIELD")]);
}

/// R68.
#[tokio::test(flavor = "multi_thread")]
async fn the_size_of_a_body() {
    let (app, _) = start().await;
    let padded = |size: usize| {
        let json = valid().to_string();
        " ".repeat(size - json.len()) + &json
    };
    assert_eq!(login(&app, padded(LIMIT)).await.status, 200);
    login(&app, padded(LIMIT + 1)).await.refused(413, "request_too_large");
    assert_eq!(login(&app, chunked(&padded(LIMIT))).await.status, 200);
    login(&app, chunked(&padded(LIMIT + 1))).await.refused(413, "request_too_large");
}

/// A client that writes all of its body before it reads gets to know why.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_far_over_the_limit_is_answered_over_http_1() {
    let (app, _) = start().await;
    for _ in 0..100 {
        login(&app, " ".repeat(1 << 20)).await.refused(413, "request_too_large");
    }
}

/// A body that does not say how long it is.
fn chunked(text: &str) -> reqwest::Body {
    let chunks: Vec<_> = text.as_bytes().chunks(4096).map(bytes::Bytes::copy_from_slice).collect();
    let frames = chunks.into_iter().map(|chunk| Ok::<_, std::io::Error>(http_body::Frame::data(chunk)));
    reqwest::Body::wrap(StreamBody::new(stream::iter(frames)))
}

/// R68.
#[tokio::test(flavor = "multi_thread")]
async fn headers_that_are_too_large() {
    let (app, _) = start().await;
    let long = format!("GET / HTTP/1.1\r\nhost: x\r\nx-long: {}\r\n\r\n", "x".repeat(128 * 1024));
    let many = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "x-many: 1\r\n".repeat(1000));
    for request in [long, many] {
        let answer = wire::raw(&app, request.as_bytes()).await;
        assert!(matches!(wire::http_status(&answer), Some(431) | None), "{answer}");
    }
    let path = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(128 * 1024));
    let answer = wire::raw(&app, path.as_bytes()).await;
    assert!(matches!(wire::http_status(&answer), Some(414 | 431) | None), "{answer}");
    assert_eq!(send(app.request("GET", "/nowhere")).await.status, 404, "others are served as before");
}
