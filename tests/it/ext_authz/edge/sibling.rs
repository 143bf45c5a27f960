//! A sibling that checks nothing: it answers with what it is told.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{Router, body::Body, extract::Request, response::Response};
use bytes::Bytes;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, Full};
use serde_json::{Map, Value};
use tokio::{net::TcpListener, task::JoinHandle};

/// Ends with the test.
pub struct Sibling {
    pub address: SocketAddr,
    paths: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Sibling {
    pub async fn start() -> Self {
        let paths = Arc::<Mutex<Vec<String>>>::default();
        let noted = paths.clone();
        let router = Router::new().fallback(move |request: Request| {
            noted.lock().unwrap().push(request.uri().path().to_owned());
            std::future::ready(answer(request.headers()))
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let manner = sekisho::server::Manner {
            name: "sibling",
            limits: sekisho::server::Limits::default(),
            tls: None,
            entropy: Arc::new(sekisho::entropy::SystemEntropy),
            metrics: Arc::default(),
        };
        let stop = tokio_util::sync::CancellationToken::new();
        let serve = sekisho::server::serve(listener, router, manner, stop, std::time::Duration::ZERO);
        Self { address, paths, task: tokio::spawn(serve) }
    }

    /// How many requests came as far.
    pub fn seen(&self) -> usize {
        self.paths.lock().unwrap().len()
    }

    pub fn paths(&self) -> Vec<String> {
        self.paths.lock().unwrap().clone()
    }
}

impl Drop for Sibling {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn answer(headers: &HeaderMap) -> Response {
    let is_grpc =
        headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    if is_grpc {
        let trailers = HeaderMap::from_iter([(header::HeaderName::from_static("grpc-status"), 0.into())]);
        // One message, with nothing in it.
        let body = Full::new(Bytes::from_static(&[0; 5])).with_trailers(std::future::ready(Some(Ok(trailers))));
        return Response::builder().header(header::CONTENT_TYPE, "application/grpc").body(Body::new(body)).unwrap();
    }
    // Values of one name are joined, as most frameworks would.
    let mut seen = Map::new();
    for name in headers.keys() {
        let values: Vec<&str> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
        seen.insert(name.to_string(), values.join(",").into());
    }
    Response::new(Body::from(Value::Object(seen).to_string()))
}
