//! What the server's settings break is said; a server that refuses writes is down.

use super::{CLIENT, app_on};
use crate::support::{TestApp, eventually::eventually, servers::Owned};

async fn wrong_settings(app: &TestApp) -> Vec<String> {
    let metrics = app.ops_text("/metrics").await;
    let lines = metrics.lines().filter_map(|line| line.strip_prefix("sekisho_redis_setting_wrong{setting=\""));
    lines.filter(|line| line.ends_with(" 1")).map(|line| line.split('"').next().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_keeps_our_promises_is_not_complained_of() {
    let redis = Owned::start("redis", &[]).await;
    let app = app_on(&redis).await;
    eventually(async || app.ops_text("/metrics").await.contains("sekisho_redis_setting_wrong")).await;
    assert_eq!(wrong_settings(&app).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_break_promises_are_in_the_metrics() {
    let redis = Owned::start("redis", &["--maxmemory-policy", "allkeys-lru", "--appendonly", "no"]).await;
    let app = app_on(&redis).await;
    eventually(async || {
        let mut wrong = wrong_settings(&app).await;
        wrong.sort_unstable();
        wrong == ["eviction", "persistence"]
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_server_refuses_and_forgets_nobody() {
    let redis = Owned::start("redis", &[]).await;
    let app = app_on(&redis).await;
    let ada = app.ada().await;
    redis.redis_cli("redis", &["CONFIG", "SET", "maxmemory", "1mb"]).await;
    app.refresh(&ada.refresh, CLIENT).await.refused(503, "store_unavailable");
    redis.redis_cli("redis", &["CONFIG", "SET", "maxmemory", "0"]).await;
    app.refreshed(&ada.refresh, CLIENT).await;
}

/// As in a network that is cut in two: with `min-replicas-to-write` the side that
/// is alone takes no writes.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_wants_replicas_refuses_without() {
    let redis = Owned::start("redis", &[]).await;
    let app = app_on(&redis).await;
    let ada = app.ada().await;
    redis.redis_cli("redis", &["CONFIG", "SET", "min-replicas-to-write", "1"]).await;
    app.refresh(&ada.refresh, CLIENT).await.refused(503, "store_unavailable");
    redis.redis_cli("redis", &["CONFIG", "SET", "min-replicas-to-write", "0"]).await;
    app.refreshed(&ada.refresh, CLIENT).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_became_a_replica_is_not_believed() {
    let (redis, other) = (Owned::start("redis", &[]).await, Owned::start("redis", &[]).await);
    let app = app_on(&redis).await;
    let ada = app.ada().await;
    let port = other.port("redis").await.to_string();
    redis.redis_cli("redis", &["REPLICAOF", "127.0.0.1", &port]).await;
    app.refresh(&ada.refresh, CLIENT).await.refused(503, "store_unavailable");
}
