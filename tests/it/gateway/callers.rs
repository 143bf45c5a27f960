//! Who calls through the gateway, and what one caller can do to the others.

use serde_json::Value;

use super::{
    BEHIND,
    case::Case,
    program::{Gateway, can_be_built},
    reply::Reply,
    side::Pair,
};
use crate::support::eventually;

const LOGIN: &str = r#"{"email":"ada@example.com","password":"correct horse battery staple","client_id":"laptop"}"#;

/// More than Sekisho lets a client give up on one connection.
const GIVEN_UP: usize = 300;

fn login(headers: &[(&str, &str)]) -> Case {
    Case::json("POST", "/api/v1/auth/login", LOGIN).headers(headers)
}

/// The address and the device of the session that is opened by a call with these headers.
async fn seen(pair: &Pair, headers: &[(&str, &str)]) -> [(Value, Value); 2] {
    let mut seen = Vec::new();
    for side in [&pair.direct, &pair.gateway] {
        let reply = side.send(&login(headers)).await;
        assert_eq!(reply.status, 200, "{headers:?}: {reply:?}");
        let listed = side.app.listed(reply.json()["access_token"].as_str().unwrap()).await;
        let own = listed.into_iter().find(|session| session["current"] == true).unwrap();
        seen.push((own["ip_address"].clone(), own["device"].clone()));
    }
    seen.try_into().unwrap()
}

/// The proxies in front are those that both sides know: the tests themselves.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_caller_is_seen() {
    let Some(mut pair) = Pair::trusting(&[("SEKISHO_MAX_SESSIONS", "0")], &[BEHIND]).await else { return };
    pair.sign_up("ada@example.com").await;
    for headers in [
        &[][..],
        &[("x-forwarded-for", "192.0.2.7")],
        &[("x-forwarded-for", "198.51.100.9, 192.0.2.7")],
        &[("x-forwarded-for", "198.51.100.9"), ("x-forwarded-for", "192.0.2.7")],
        &[("x-forwarded-for", "192.0.2.7, 127.0.0.1")],
        &[("x-forwarded-for", "2001:db8::7")],
        &[("x-forwarded-for", "")],
        &[("x-forwarded-for", "unknown")],
        &[("x-forwarded-for", "unknown"), ("forwarded", "for=192.0.2.7")],
        &[("forwarded", "for=192.0.2.7")],
        &[("forwarded", "for=198.51.100.9, for=192.0.2.7;proto=https")],
        &[("forwarded", "for=198.51.100.9"), ("forwarded", "for=\"[2001:db8::7]:4711\"")],
        &[("forwarded", "for=\"192.0.2.7")],
        &[("forwarded", "for=_hidden")],
        &[("forwarded", "")],
        &[("user-agent", "Browser/1 (Machine)"), ("x-forwarded-for", "192.0.2.7")],
        &[("user-agent", "")],
        &[("user-agent", "Browser/1 (é)")],
    ] {
        let [direct, gateway] = seen(&pair, headers).await;
        assert_eq!(direct, gateway, "{headers:?}");
    }
}

/// Nobody who calls the gateway is a proxy: what is said of others is not believed.
#[tokio::test(flavor = "multi_thread")]
async fn a_caller_cannot_be_somebody_else() {
    let Some(mut pair) = Pair::start(&[("SEKISHO_MAX_SESSIONS", "0")]).await else { return };
    pair.sign_up("ada@example.com").await;
    for header in [
        ("grpcgateway-user-agent", "Forged/1"),
        ("grpc-metadata-grpcgateway-user-agent", "Forged/1"),
        ("grpc-metadata-user-agent", "Forged/1"),
        ("grpc-metadata-forwarded", "for=192.0.2.7"),
        ("grpc-metadata-x-forwarded-for", "192.0.2.7"),
        ("grpcgateway-x-forwarded-for", "192.0.2.7"),
        ("x-real-ip", "192.0.2.7"),
        ("true-client-ip", "192.0.2.7"),
        ("x-forwarded-host", "192.0.2.7"),
    ] {
        let [direct, gateway] = seen(&pair, &[header]).await;
        assert_eq!(direct, gateway, "{header:?}");
        assert_eq!(gateway, ("127.0.0.1".into(), "".into()), "{header:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_over_http_2() {
    let Some(mut pair) = Pair::start(&[]).await else { return };
    pair.sign_up("ada@example.com").await;
    let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
    for (method, path, body) in [
        ("POST", "/api/v1/auth/login", LOGIN),
        ("POST", "/api/v1/auth/login", "{"),
        ("GET", "/api/v1/user/profile", ""),
        ("HEAD", "/.well-known/jwks.json", ""),
        ("OPTIONS", "/api/v1/auth/login", ""),
        ("PATCH", "/api/v1/user/profile", ""),
    ] {
        let mut replies = Vec::new();
        for side in [&pair.direct, &pair.gateway] {
            let request = side.request(&client, method, path).header("content-type", "application/json");
            replies.push(Reply::of(request.body(body).send().await.unwrap()).await.essence());
        }
        assert_eq!(replies[0], replies[1], "{method} {path}");
    }
}

/// All callers share a connection, which Sekisho cuts when most of its calls are given up.
#[tokio::test(flavor = "multi_thread")]
async fn callers_who_hang_up_cut_nobody_off() {
    let Some(mut pair) = Pair::start(&[]).await else { return };
    pair.sign_up("ada@example.com").await;
    let request = login(&[]).bytes(&pair.gateway.known);
    for _ in 0..GIVEN_UP {
        pair.gateway.call_and_hang_up(&request).await;
    }
    let app = &pair.gateway.app;
    // Some are refused, as more than can be hashed at once.
    eventually(async || logins(&app.ops_text("/metrics").await) >= GIVEN_UP).await;
    let cut = r#"sekisho_connections_ended_total{listener="public",end="flooded"}"#;
    assert_eq!(app.scrape().await.get(cut), Some(0.0), "the connection was cut");
}

/// How many calls of the RPC have ended, in whatever way.
fn logins(metrics: &str) -> usize {
    let ended = metrics.lines().filter(|line| line.starts_with("sekisho_calls_total") && line.contains("Login"));
    ended.filter_map(|line| line.rsplit(' ').next()?.parse::<usize>().ok()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_away_is_told_as_one_that_is_busy() {
    if !can_be_built() {
        return;
    }
    // The port of discard: nobody listens.
    let gateway = Gateway::before("http://127.0.0.1:9", &[]).await;
    let profile = Case::new("GET", "/api/v1/user/profile").header("accept-language", "ja");
    let reply = Reply::to(gateway.address, &profile.bytes(&[].into())).await;
    assert_eq!((reply.status, &reply.headers["retry-after"]), (503, &vec!["1".to_owned()]));
    let json = reply.json();
    assert_eq!((&json["error"], &json["details"]["retry_after"]), (&"overloaded".into(), &1.into()));
    assert_eq!(json["message"], "ただいま混み合っています。しばらくしてからお試しください。");
    assert_eq!(json["request_id"], reply.headers["x-request-id"][0]);
}
