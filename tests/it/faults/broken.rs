//! The service with a proxy in front of one of its stores.

use std::net::SocketAddr;

use reqwest::Url;

use crate::support::{
    TestApp,
    proxy::Proxy,
    servers::{postgres_database, redis_prefix, redis_url},
};

/// Of the stores, in milliseconds: what a busy machine keeps while nothing is broken, and
/// what [`Mode::Delay`](crate::support::proxy::Mode::Delay) does not.
const DEADLINE: &str = "2000";

/// A service, and what breaks its store.
pub struct Broken {
    pub app: TestApp,
    pub proxy: Proxy,
}

pub async fn postgres() -> Broken {
    start("SEKISHO_DATABASE_URL", &postgres_database().await, &[("SEKISHO_DATABASE_TIMEOUT", DEADLINE)]).await
}

/// Behind the proxy is PostgreSQL alone.
pub async fn postgres_beside_redis() -> Broken {
    let (url, prefix) = (redis_url().await, redis_prefix());
    let others = [
        ("SEKISHO_DATABASE_TIMEOUT", DEADLINE),
        ("SEKISHO_REDIS_URL", url.as_str()),
        ("SEKISHO_REDIS_PREFIX", prefix.as_str()),
        ("SEKISHO_REDIS_TIMEOUT", DEADLINE),
    ];
    start("SEKISHO_DATABASE_URL", &postgres_database().await, &others).await
}

pub async fn redis() -> Broken {
    let others = [("SEKISHO_REDIS_PREFIX", redis_prefix()), ("SEKISHO_REDIS_TIMEOUT", DEADLINE.to_owned())];
    let others = others.each_ref().map(|(name, value)| (*name, value.as_str()));
    start("SEKISHO_REDIS_URL", &redis_url().await, &others).await
}

/// Puts the proxy between the service and the store of one setting.
async fn start(setting: &str, store: &str, others: &[(&str, &str)]) -> Broken {
    let mut url: Url = store.parse().unwrap();
    let server = SocketAddr::new(url.host_str().unwrap().parse().unwrap(), url.port().unwrap());
    let proxy = Proxy::before(server).await;
    url.set_port(Some(proxy.address.port())).unwrap();
    // A login that fails for lack of a store may count as a failed one.
    let settings = [&[(setting, url.as_str()), ("SEKISHO_LIMIT_LOGIN", "1000/300")], others].concat();
    Broken { app: TestApp::with(&settings).await, proxy }
}
