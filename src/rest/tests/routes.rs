use axum::{Router, body::Body};
use http::Request;
use serde_json::json;
use tower::ServiceExt;

use super::Library;

#[tokio::test]
async fn paths_reach_their_rpc() {
    let library = Library::new();
    for (method, path, rpc, message) in [
        ("GET", "/v1/shelves/1/books/a%20b", "GetBook", json!({"name": "shelves/1/books/a b"})),
        ("GET", "/v1/books/7", "GetBook", json!({"name": "7"})),
        ("GET", "/v1/books/a%2Fb", "GetBook", json!({"name": "a/b"})),
        ("GET", "/v1/books/featured", "GetFeatured", json!({})),
        ("GET", "/v1/books/feature%64", "GetBook", json!({"name": "featured"})),
        ("GET", "/v1/books", "ListBooks", json!({})),
        ("DELETE", "/v1/books/featured", "DeleteBook", json!({"name": "featured"})),
        ("POST", "/v1/books/7:archive", "ArchiveBook", json!({"name": "7"})),
        ("POST", "/v1/shelves/3/books", "CreateBook", json!({"shelf": "3"})),
        ("PUT", "/v1/authors/N/books/12", "PutBook", json!({"author": {"name": "N"}, "pages": "12"})),
        ("GET", "/v1/files/a/b/c", "GetFile", json!({"name": "a/b/c"})),
        ("GET", "/v1/files", "GetFile", json!({})),
        ("PROBE", "/v1/probe", "Probe", json!({})),
    ] {
        let answer = library.call(method, path).await;
        assert_eq!(answer.status, 200, "{method} {path}: {}", answer.text);
        let seen = library.seen().expect("call");
        assert_eq!(seen.path, format!("/test.v1.Library/{rpc}"), "{method} {path}");
        assert_eq!(seen.message, message, "{method} {path}");
    }
}

#[tokio::test]
async fn paths_of_no_route_are_not_found() {
    let library = Library::new();
    for path in [
        "/",
        "/v1",
        "/v2/books",
        "/v1//books",
        "//v1/books",
        "/v1/books/",
        "/v1/books/.",
        "/v1/books/..",
        "/v1/./books",
        "/v1/files/a//b",
        "/V1/books",
        "/test.v1.Library/Hidden",
    ] {
        let answer = library.call("GET", path).await;
        assert_eq!((answer.status, answer.error()), (404, "not_found"), "{path}");
        assert!(library.seen().is_none());
    }
}

#[tokio::test]
async fn other_methods_are_told_the_right_ones() {
    let library = Library::new();
    for (method, path, allow) in [
        ("PATCH", "/v1/books/7", "DELETE, GET, HEAD"),
        ("OPTIONS", "/v1/books", "GET, HEAD, POST"),
        ("HEAD", "/v1/shelves/1/books", "POST"),
        ("GET", "/v1/probe", "PROBE"),
    ] {
        let answer = library.call(method, path).await;
        assert_eq!(answer.status, 405, "{method} {path}");
        assert_eq!(answer.headers["allow"], allow, "{method} {path}");
    }
}

#[tokio::test]
async fn head_is_get_without_its_body() {
    let library = Library::new();
    let got = library.call("GET", "/v1/books/7").await;
    let head = library.call("HEAD", "/v1/books/7").await;
    assert_eq!(head.status, 200);
    assert_eq!(head.text, "");
    assert_eq!(head.headers["content-type"], "application/json");
    assert_eq!(head.headers["content-length"], got.text.len().to_string().as_str());
    let lost = library.call("HEAD", "/nowhere").await;
    assert_eq!((lost.status, lost.text.as_str()), (404, ""));
}

#[tokio::test]
async fn values_that_do_not_fit_their_field_are_named() {
    let library = Library::new();
    assert_eq!(library.call("GET", "/v1/books/%ff").await.faults(), ["name MALFORMED"]);
    assert_eq!(
        library.call("PUT", "/v1/authors/%fe/books/x").await.faults(),
        ["author.name MALFORMED", "pages WRONG_TYPE"]
    );
}

#[tokio::test]
async fn it_serves_as_the_fallback_of_a_router() {
    let router: Router = Router::new().fallback_service(Library::new().transcoder);
    let request = |path| Request::get(path).body(Body::empty()).expect("request");
    for (path, status) in [("/v1/books/7", 200), ("/nowhere", 404)] {
        let Ok(response) = router.clone().oneshot(request(path)).await;
        assert_eq!(response.status(), status, "{path}");
    }
}
