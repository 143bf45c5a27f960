//! Methods, paths and queries that lead nowhere.

use super::{schema, start, wire};
use crate::support::{TestApp, http::send};

/// The status and the text of the answer to a request line, sent as it stands.
async fn line(app: &TestApp, line: &str) -> (Option<u16>, String) {
    let request = format!("{line} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let answer = wire::raw(app, request.as_bytes()).await;
    (wire::http_status(&answer), answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_of_no_route() {
    let (app, _) = start().await;
    let answer = send(app.request("GET", "/nowhere").header("accept-language", "ja")).await;
    answer.refused(404, "not_found");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(answer.header("x-request-id"), answer.body["request_id"].as_str());
    let members: Vec<&String> = answer.body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["details", "error", "message", "request_id"]);
    assert_eq!(answer.body["message"], "見つかりませんでした。");
}

/// R67.
#[tokio::test(flavor = "multi_thread")]
async fn paths_that_look_like_a_route() {
    let (app, _) = start().await;
    let paths = [
        "//api/v1/user/profile",
        "/api//v1/user/profile",
        "/api/v1/user/profile/",
        "/api/v1/user/profile//",
        "/api/v1/user/./profile",
        "/api/v1/user/../user/profile",
        "/api/v1/user/%2e%2e/user/profile",
        "/api/v1%2fuser/profile",
        "/api/v1/user%2Fprofile",
        "/api/v1/user/%70rofile",
        "/API/v1/user/profile",
        "/api/v1/user/Profile",
        "/api/v1/user/profile%00",
        "/api/v1/user/profile;x=1",
        "/api/v1/user/profile:go",
        "/api\\v1\\user\\profile",
        "/sekisho.v1.UserService/GetProfile",
        "/index.html",
        "/.well-known",
    ];
    for path in paths {
        let (status, answer) = line(&app, &format!("GET {path}")).await;
        assert_eq!(status, Some(404), "{path}: {answer}");
        assert!(answer.contains(r#""error":"not_found""#), "{path}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_of_a_route() {
    let (app, access) = start().await;
    let routes = schema::routes();
    for path in routes.iter().map(|route| route.path.replace("{session_id}", "x")) {
        let mut bound: Vec<&str> = routes.iter().filter(|route| route.fits(&path)).map(|route| route.verb).collect();
        bound.sort_unstable();
        for method in ["GET", "PUT", "POST", "PATCH", "DELETE", "TRACE", "BREW", "get"] {
            if bound.contains(&method) {
                continue;
            }
            let answer = send(app.request(method, &path).bearer_auth(&access)).await;
            answer.refused(405, "method_not_allowed");
            let allowed: Vec<&str> = answer.header("allow").unwrap().split(", ").filter(|it| *it != "HEAD").collect();
            assert_eq!(allowed, bound, "{method} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_are_hardly_http() {
    let (app, _) = start().await;
    for (request, wanted) in [
        ("CONNECT example.com:443", &[404, 405][..]),
        ("OPTIONS *", &[200, 404]),
        ("GET http://other.example/api/v1/nowhere", &[404]),
        ("G@T /", &[405, 404, 400]),
        ("GE T /", &[400]),
        ("GET nowhere", &[404]),
        ("GET /a b", &[400]),
        ("GET /\u{1}", &[400]),
        ("", &[400]),
    ] {
        let (status, answer) = line(&app, request).await;
        assert!(status.is_some_and(|status| wanted.contains(&status)), "{request:?}: {answer}");
    }
    let smuggled = "POST /api/v1/auth/login HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\
                    connection: close\r\ncontent-type: application/json\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n";
    let answer = wire::raw(&app, smuggled.as_bytes()).await;
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    assert_eq!(wire::http_status(&answer), Some(400), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_that_nobody_reads() {
    let (app, access) = start().await;
    for query in ["a=b", "%ff", "%ff=1", "=", "=&=", "a=%ff", "client_id=x", "__proto__[x]=1", "a[]=1", "a%00=1"] {
        let answer = app.call("GET", &format!("/api/v1/auth/sessions?{query}"), &access, None).await;
        answer.refused(400, "validation_error");
        assert!(!answer.fields().is_empty(), "{query}");
    }
    for query in ["", "&", "&&&&"] {
        let answer = app.call("GET", &format!("/api/v1/auth/sessions?{query}"), &access, None).await;
        assert_eq!(answer.status, 200, "{query}");
    }
    let long = "a=1&".repeat(10_000);
    let answer = app.call("GET", &format!("/api/v1/auth/sessions?{long}"), &access, None).await;
    answer.refused(400, "validation_error");
    assert_eq!(answer.fields().len(), 16);
    let answer = app.post("/api/v1/auth/login?email=eve@example.com", serde_json::json!({})).await;
    assert!(answer.fields().contains(&("email".to_owned(), "UNKNOWN_FIELD".to_owned())), "{answer:?}");
}
