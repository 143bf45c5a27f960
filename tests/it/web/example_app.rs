//! The app that `dev` serves, and `serve` does not.

use std::path::Path;

use reqwest::{Method, Response};

use crate::support::process::{Service, dev_settings, run, serve_settings};

const FILES: [(&str, &str); 4] = [
    ("/", "text/html; charset=utf-8"),
    ("/app.js", "text/javascript; charset=utf-8"),
    ("/index.css", "text/css; charset=utf-8"),
    ("/icon.svg", "image/svg+xml"),
];

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers()[name].to_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn dev_serves_it() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &["dev"], &dev_settings()).await;
    for (path, content_type) in FILES {
        let response = service.request(Method::GET, path).send().await.unwrap();
        assert_eq!((response.status().as_u16(), header(&response, "content-type")), (200, content_type), "{path}");
        let policy = header(&response, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        for (name, wanted) in [
            ("cross-origin-resource-policy", "same-origin"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(header(&response, name), wanted, "{path}: {name}");
        }
        let length = header(&response, "content-length").to_owned();
        let text = response.text().await.unwrap();
        assert_eq!(text.len().to_string(), length, "{path}");

        let head = service.request(Method::HEAD, path).send().await.unwrap();
        assert_eq!((head.status().as_u16(), header(&head, "content-length")), (200, length.as_str()), "HEAD {path}");
        let post = service.request(Method::POST, path).send().await.unwrap();
        assert_eq!(post.status().as_u16(), 404, "POST {path}");
    }
    let page = service.request(Method::GET, "/?from=mail").send().await.unwrap().text().await.unwrap();
    for (path, _) in &FILES[1..] {
        assert!(page.contains(&format!("\"{path}\"")), "{path} is not asked for by the page");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn serve_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let settings = serve_settings(folder.path());
    assert_eq!(run(folder.path(), &["migrate"], &settings).await.code, Some(0));
    let service = Service::start(folder.path(), &["serve"], &settings).await;
    for (path, _) in FILES {
        let response = service.request(Method::GET, path).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), header(&response, "content-type")),
            (404, "application/json"),
            "{path}"
        );
    }
}

/// What is built into the binary stays small.
#[test]
fn it_is_small() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/web/built");
    let files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).collect();
    assert_eq!(files.len(), FILES.len(), "each file is served");
    assert!(files.iter().sum::<u64>() < 400_000, "{files:?}");
}
