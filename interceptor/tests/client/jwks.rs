//! Keys of another issuer, from a web server that does not always serve them.
#![expect(clippy::unwrap_used, reason = "a failure to set a test up is a failed test")]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, Response},
    routing::get,
};
use sekisho_interceptor::{JwksError, JwksSource, KeySource, system_clock, testing::TestIssuer};
use serde_json::{Value, json};
use tokio::{sync::watch, time::timeout};

use crate::support::PATIENCE;

#[derive(Clone)]
struct Site {
    answer: Arc<Mutex<(u16, Vec<u8>)>>,
    /// Requests, and those of them that had the right etag.
    asked: watch::Sender<(usize, usize)>,
}

async fn serve(State(site): State<Site>, headers: HeaderMap) -> Response<Body> {
    let (status, body) = site.answer.lock().unwrap().clone();
    let tag = format!("\"{}-{}\"", status, body.len());
    let unchanged = headers.get("if-none-match").is_some_and(|etag| *etag == tag);
    site.asked.send_modify(|(all, same)| {
        *all += 1;
        *same += usize::from(unchanged);
    });
    let answer = Response::builder().header("etag", tag).header("cache-control", "public, max-age=300");
    if unchanged && status == 200 {
        return answer.status(304).body(Body::empty()).unwrap();
    }
    answer.status(status).header("location", "/elsewhere").body(Body::from(body)).unwrap()
}

struct World {
    site: Site,
    address: String,
    issuer: TestIssuer,
}

impl World {
    async fn new() -> Self {
        let issuer = TestIssuer::new("http://localhost", system_clock()).unwrap();
        let answer = Arc::new(Mutex::new((200, issuer.jwks().to_string().into_bytes())));
        let site = Site { answer, asked: watch::Sender::new((0, 0)) };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/jwks.json", listener.local_addr().unwrap());
        let router = Router::new().route("/jwks.json", get(serve)).with_state(site.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { site, address, issuer }
    }

    fn answers(&self, status: u16, body: impl Into<Vec<u8>>) {
        *self.site.answer.lock().unwrap() = (status, body.into());
    }

    async fn asked(&self, times: usize) {
        let mut asked = self.site.asked.subscribe();
        timeout(PATIENCE, asked.wait_for(|(all, _)| *all >= times)).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn keys_are_had_and_confirmed_by_their_etag() {
    let world = World::new().await;
    let source = JwksSource::at(&world.address).start().unwrap();
    assert!(source.ready(PATIENCE).await);
    let kid = world.issuer.jwks()["keys"][0]["kid"].as_str().unwrap().to_owned();
    assert!(source.keys().get(&kid).is_some());
    source.missed("new");
    world.asked(2).await;
    assert_eq!(world.site.asked.borrow().1, 1, "the etag was not sent");
    assert!(source.keys().get(&kid).is_some());
}

#[tokio::test]
async fn a_new_key_is_had_soon_after_a_token_names_it() {
    let world = World::new().await;
    let source = JwksSource::at(&world.address).start().unwrap();
    assert!(source.ready(PATIENCE).await);
    world.issuer.rotate().unwrap();
    world.answers(200, world.issuer.jwks().to_string());
    source.missed("test-2");
    let found = async {
        while source.keys().get("test-2").is_none() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, found).await.unwrap();
}

#[tokio::test]
async fn keys_for_other_purposes_are_left_out() {
    let world = World::new().await;
    let mut jwks = world.issuer.jwks();
    let mut encrypts = jwks["keys"][0].clone();
    encrypts["use"] = json!("enc");
    encrypts["kid"] = json!("e1");
    let foreign = json!({ "kty": "EC", "crv": "P-384", "kid": "p384", "x": "AA", "y": "AA" });
    jwks["keys"].as_array_mut().unwrap().extend([encrypts, foreign]);
    world.answers(200, jwks.to_string());
    let source = JwksSource::at(&world.address).start().unwrap();
    assert!(source.ready(PATIENCE).await);
    assert_eq!(source.keys().len(), 1);
}

fn bad() -> Vec<(&'static str, u16, Vec<u8>)> {
    let secret: Value = json!({ "keys": [{ "kty": "oct", "kid": "s", "k": "AAAA" }] });
    vec![
        ("over a mebibyte", 200, format!("{{\"keys\": [{}]}}", " ".repeat(1 << 20)).into_bytes()),
        ("a page", 200, b"<html></html>".to_vec()),
        ("empty", 200, Vec::new()),
        ("without keys", 200, b"{\"keys\": []}".to_vec()),
        ("with a secret", 200, secret.to_string().into_bytes()),
        ("a repeated member", 200, b"{\"keys\": [], \"keys\": []}".to_vec()),
        ("a redirect", 302, Vec::new()),
        ("an error", 500, Vec::new()),
    ]
}

#[tokio::test]
async fn h36_what_is_no_set_leaves_the_good_one_in_place() {
    for (what, status, body) in bad() {
        let world = World::new().await;
        let source = JwksSource::at(&world.address).start().unwrap();
        assert!(source.ready(PATIENCE).await, "{what}");
        world.answers(status, body);
        source.missed("one");
        world.asked(2).await;
        // Once it is asked again, the answer before was dealt with.
        world.asked(3).await;
        assert_eq!(source.keys().len(), 1, "{what}");
        assert!(source.key_age().is_some_and(|age| age > Duration::ZERO), "{what}");
    }
}

#[tokio::test]
async fn h36_without_ever_a_set_there_are_no_keys() {
    let world = World::new().await;
    world.answers(200, "<html></html>");
    let source = JwksSource::at(&world.address).start().unwrap();
    world.asked(2).await;
    assert!(source.keys().is_empty());
    assert!(!source.ready(Duration::from_millis(1)).await);
    world.answers(200, world.issuer.jwks().to_string());
    assert!(source.ready(PATIENCE).await);
}

#[tokio::test]
async fn keys_are_taken_over_https_or_from_this_machine() {
    for address in ["http://idp.example/jwks", "http://169.254.169.254/jwks", "file:///etc/passwd", "jwks"] {
        assert!(matches!(JwksSource::at(address).start(), Err(JwksError::Address)), "{address}");
    }
}
