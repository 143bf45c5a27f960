//! The users of `deploy/redis` may do all that is needed, and the default one may nothing.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::{
    eventually,
    process::{Service, dev_settings},
    servers::Owned,
};

/// The users of a server.
pub const SERVERS: &str = include_str!("../../../deploy/redis/users.acl");
const SENTINELS: &str = include_str!("../../../deploy/redis/sentinel.acl");
/// Of the test itself, which has to look at servers that let nobody else in.
const OBSERVER: [&str; 5] = ["observer", "on", ">observer", "allcommands", "allkeys"];
const AS_OBSERVER: [&str; 5] = ["--no-auth-warning", "--user", "observer", "--pass", "observer"];

/// Gives a server its users, and ends whoever is connected as another one.
pub async fn give_users(redis: &Owned, node: &'static str, file: &str) {
    let set = async |words: &[&str]| {
        assert_eq!(redis.redis_cli(node, &[&["ACL", "SETUSER"], words].concat()).await, "OK", "{node}: {words:?}");
    };
    set(&OBSERVER).await;
    let (default, others): (Vec<&str>, Vec<&str>) = file.lines().partition(|line| line.starts_with("user default"));
    for line in [others, default].concat() {
        let words: Vec<&str> = line.split(' ').skip(1).collect();
        if words[0] == "default" {
            observe(redis, node, &[&["ACL", "SETUSER"], &words[..]].concat()).await;
            observe(redis, node, &["CLIENT", "KILL", "USER", "default"]).await;
        } else {
            set(&words).await;
        }
    }
    assert!(redis.redis_cli(node, &["PING"]).await.starts_with("NOAUTH"), "{node} lets anybody in");
}

/// What a server answers to one who may do everything.
pub async fn observe(redis: &Owned, node: &'static str, command: &[&str]) -> String {
    redis.redis_cli(node, &[&AS_OBSERVER, command].concat()).await
}

async fn service(url: &str) -> (tempfile::TempDir, Service) {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = dev_settings();
    settings.extend([("SEKISHO_REDIS_URL", url.to_owned()), ("SEKISHO_REDIS_TIMEOUT", "2000".to_owned())]);
    let service = Service::start(folder.path(), &["dev"], &settings).await;
    (folder, service)
}

fn body(token: &str) -> serde_json::Value {
    json!({"refresh_token": token, "client_id": "laptop"})
}

/// A session from its beginning to its end, and what looks after the server.
async fn a_life(service: &Service, email: &str) {
    let token = service.sign_up(email, "laptop").await;
    assert_eq!(service.post("/api/v1/auth/refresh", body(&token)).await.status, 200);
    assert_eq!(service.post("/api/v1/auth/logout", body(&token)).await.status, 200);
    service.post("/api/v1/auth/refresh", body(&token)).await.refused(401, "refresh_token_invalid");
    service.is_ready().await;
    eventually(async || {
        let metrics = service.ops("/metrics").await.text().await.unwrap();
        metrics.contains("sekisho_redis_setting_wrong{setting=\"persistence\"} 0")
    })
    .await;
}

async fn a_life_as_the_user(kind: &'static str, nodes: &[&'static str]) {
    let redis = Owned::start(kind, &[]).await;
    for node in nodes {
        give_users(&redis, node, SERVERS).await;
    }
    let (_folder, service) = service(&redis.url.replacen("//", "//sekisho:PASSWORD@", 1)).await;
    a_life(&service, "ada@example.com").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_lives_on_one_server_as_its_user() {
    a_life_as_the_user("redis", &["redis"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn and_in_a_cluster() {
    a_life_as_the_user("redis-cluster", &["node1", "node2", "node3", "node4", "node5", "node6"]).await;
}

/// The file as the server reads it at its start.
#[tokio::test(flavor = "multi_thread")]
async fn the_file_is_one_that_redis_reads() {
    const FILE: &[&str] = &["--aclfile", concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/redis/users.acl")];
    let redis = Owned::start("redis", FILE).await;
    let (_folder, service) = service(&redis.url.replacen("//", "//sekisho:PASSWORD@", 1)).await;
    a_life(&service, "ada@example.com").await;
}

/// Replicas copy, Sentinels make another primary, and the service finds it: all of them as
/// their users.
#[tokio::test(flavor = "multi_thread")]
async fn and_behind_sentinels_through_a_fail_over() {
    let redis = Owned::start("redis-sentinel", &[]).await;
    let (data, sentinels) = (["primary", "replica1", "replica2"], ["sentinel1", "sentinel2", "sentinel3"]);
    for node in data {
        for setting in [["masteruser", "replica"], ["masterauth", "PASSWORD"]] {
            redis.redis_cli(node, &[&["CONFIG", "SET"], &setting[..]].concat()).await;
        }
    }
    for node in sentinels {
        for setting in [["auth-user", "sentinel"], ["auth-pass", "PASSWORD"]] {
            redis.redis_cli(node, &[&["SENTINEL", "SET", "sekisho"], &setting[..]].concat()).await;
        }
        for setting in [["sentinel-user", "sentinel"], ["sentinel-pass", "PASSWORD"]] {
            redis.redis_cli(node, &[&["SENTINEL", "CONFIG", "SET"], &setting[..]].concat()).await;
        }
    }
    for node in data {
        give_users(&redis, node, SERVERS).await;
    }
    for node in sentinels {
        give_users(&redis, node, SENTINELS).await;
    }
    let healthy = async |node: &'static str| {
        let info = observe(&redis, node, &["INFO", "sentinel"]).await;
        info.contains("status=ok,") && info.contains("slaves=2,sentinels=3")
    };
    for node in sentinels {
        eventually(async || healthy(node).await).await;
    }
    eventually(async || {
        let info = observe(&redis, "primary", &["INFO", "replication"]).await;
        info.matches("state=online").count() == 2
    })
    .await;
    let users = "//sekisho:PASSWORD@";
    let url = format!("{}&sentinelUsername=sekisho&sentinelPassword=PASSWORD", redis.url.replacen("//", users, 1));
    let (_folder, service) = service(&url).await;
    a_life(&service, "ada@example.com").await;
    let bob = body(&service.sign_up("bob@example.com", "laptop").await);
    redis.kill("primary").await;

    // Each connection finds the new primary by itself. What was written last may be lost.
    eventually(async || {
        let asked = (0..20).map(|_| service.try_post("/api/v1/auth/refresh", &bob));
        join_all(asked).await.into_iter().all(|answer| answer.is_ok_and(|(status, _)| matches!(status, 200 | 401)))
    })
    .await;
    a_life(&service, "eve@example.com").await;
}
