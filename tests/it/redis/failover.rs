//! A primary that is lost with its last writes, and what takes its place.

use std::sync::Arc;

use sekisho::{
    domain::{SessionId, Timestamp, UserId},
    storage::Sessions,
};
use uuid::Uuid;

use super::{CLIENT, app_on, only_these_are_out, recovers, sign_ins};
use crate::support::{TestApp, app::SignedIn, eventually::eventually, servers::Owned};

const REPLICAS: [&str; 2] = ["replica1", "replica2"];
const SENTINELS: [&str; 3] = ["sentinel1", "sentinel2", "sentinel3"];

/// Signs out while no replica listens: only the primary, and the journal, know.
/// What the kernel keeps for a frozen replica would reach it yet, so the
/// connections end first.
async fn sign_out_unseen(
    app: &TestApp,
    redis: &Owned,
    primary: &'static str,
    replicas: &[&'static str],
    out: &[SignedIn],
) {
    for replica in replicas {
        redis.freeze(replica).await;
    }
    redis.redis_cli(primary, &["CLIENT", "KILL", "TYPE", "replica"]).await;
    for signed_in in out {
        assert_eq!(app.log_out(&signed_in.refresh, CLIENT).await.status, 200);
    }
    // From here on only the fence can know: the process has followed the journal.
    let before = followed(app).await;
    eventually(async || followed(app).await > before).await;
}

/// How often the journal was followed to its end.
async fn followed(app: &TestApp) -> u64 {
    let metrics = app.ops_text("/metrics").await;
    let count = "sekisho_store_duration_seconds_count{operation=\"fence.mark\",ok=\"true\"} ";
    metrics.lines().find_map(|line| line.strip_prefix(count)).map_or(0, |number| number.parse().unwrap())
}

async fn has_replicas(redis: &Owned, primary: &'static str, number: usize) {
    eventually(async || {
        let info = redis.redis_cli(primary, &["INFO", "replication"]).await;
        info.matches("state=online").count() == number
    })
    .await;
}

/// The replica knows all that happened until now.
async fn in_sync(redis: &Owned, primary: &'static str, replicas: usize) {
    has_replicas(redis, primary, replicas).await;
    let answer = redis.redis_cli(primary, &["EVAL", "return redis.call('TIME')", "0"]).await;
    assert!(!answer.is_empty());
    eventually(async || {
        let info = redis.redis_cli(primary, &["INFO", "replication"]).await;
        let field = |name: &str| info.lines().find_map(|line| line.trim().strip_prefix(name).map(str::to_owned));
        let offset = field("master_repl_offset:").unwrap();
        info.matches(&format!("offset={offset},")).count() == replicas
    })
    .await;
}

/// R49.
#[tokio::test(flavor = "multi_thread")]
async fn a_promoted_replica_brings_nobody_back() {
    let redis = Owned::start("redis-sentinel", &[]).await;
    let app = app_on(&redis).await;
    app.ada().await;
    let (still_in, out) = (sign_ins(&app, 2).await, sign_ins(&app, 3).await);
    in_sync(&redis, "primary", 2).await;

    sign_out_unseen(&app, &redis, "primary", &REPLICAS, &out).await;
    redis.kill("primary").await;
    for replica in REPLICAS {
        redis.thaw(replica).await;
    }

    recovers(&app).await;
    only_these_are_out(&app, &out, &still_in).await;
}

/// The former primary is cut off, not dead, and comes back as a replica; then it
/// is primary again. It still knows the scripts of its first time.
#[tokio::test(flavor = "multi_thread")]
async fn a_former_primary_that_takes_over_again_brings_nobody_back() {
    let redis = Owned::start("redis-sentinel", &[]).await;
    let app = app_on(&redis).await;
    app.ada().await;
    let mut still_in = sign_ins(&app, 2).await;
    let mut out = sign_ins(&app, 2).await;
    for signed_in in &out {
        assert_eq!(app.log_out(&signed_in.refresh, CLIENT).await.status, 200);
    }

    redis.freeze("primary").await;
    recovers(&app).await;
    redis.thaw("primary").await;
    let current = primary(&redis).await;
    has_replicas(&redis, current, 2).await;
    still_in.extend(sign_ins(&app, 1).await);
    let unseen = sign_ins(&app, 2).await;
    in_sync(&redis, current, 2).await;

    // Only the former primary may be promoted.
    let other = REPLICAS.into_iter().find(|replica| *replica != current).unwrap();
    redis.redis_cli(other, &["CONFIG", "SET", "replica-priority", "0"]).await;
    sign_out_unseen(&app, &redis, current, &["primary", other], &unseen).await;
    redis.kill(current).await;
    redis.thaw("primary").await;
    redis.thaw(other).await;

    recovers(&app).await;
    assert_eq!(primary(&redis).await, "primary");
    out.extend(unseen);
    only_these_are_out(&app, &out, &still_in).await;
}

/// Which of the three the sentinels agree on.
async fn primary(redis: &Owned) -> &'static str {
    let names = ["primary", REPLICAS[0], REPLICAS[1]];
    let mut ports = Vec::new();
    for name in names {
        ports.push(redis.port(name).await.to_string());
    }
    let answer = redis.redis_cli(SENTINELS[0], &["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "sekisho"]).await;
    let port = answer.lines().nth(1).unwrap().to_owned();
    names[ports.iter().position(|known| *known == port).unwrap()]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_loses_a_primary_brings_nobody_back() {
    let redis = Owned::start("redis-cluster", &[]).await;
    let app = app_on(&redis).await;
    app.ada().await;
    let (still_in, out) = (sign_ins(&app, 2).await, sign_ins(&app, 3).await);
    let (primary, replica) = shard_of_ada(&redis).await;
    in_sync(&redis, primary, 1).await;

    sign_out_unseen(&app, &redis, primary, &[replica], &out).await;
    redis.kill(primary).await;
    redis.thaw(replica).await;

    recovers(&app).await;
    only_these_are_out(&app, &out, &still_in).await;
}

/// It is not dead: its connections stay open, and say nothing. Others go on talking
/// all the while, and are asked as often as it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_whose_primary_hangs_brings_nobody_back() {
    let redis = Owned::start("redis-cluster", &[]).await;
    let app = app_on(&redis).await;
    app.ada().await;
    let (still_in, out) = (sign_ins(&app, 2).await, sign_ins(&app, 2).await);
    let (primary, replica) = shard_of_ada(&redis).await;
    in_sync(&redis, primary, 1).await;

    sign_out_unseen(&app, &redis, primary, &[replica], &out).await;
    redis.freeze(primary).await;
    redis.thaw(replica).await;

    let asked = tokio::spawn(ask_of_everybody(app.app.ctx.stores.sessions.clone(), app.app.ctx.now()));
    recovers(&app).await;
    asked.abort();
    only_these_are_out(&app, &out, &still_in).await;
}

/// Asks for sessions of people in every slot, and waits for none of the answers.
async fn ask_of_everybody(sessions: Arc<dyn Sessions>, now: Timestamp) {
    let mut ticks = tokio::time::interval(std::time::Duration::from_millis(2));
    for n in 1.. {
        ticks.tick().await;
        let id = Uuid::from_u128(n);
        let sessions = sessions.clone();
        tokio::spawn(async move { sessions.get(UserId(id), SessionId(id), now).await });
    }
}

/// The primary that holds the only sessions there are, and its replica, as soon as it does.
async fn shard_of_ada(redis: &Owned) -> (&'static str, &'static str) {
    eventually(async || holders(redis).await.len() == 2).await;
    let found = holders(redis).await;
    assert_eq!(found.iter().map(|(is_primary, _)| *is_primary).collect::<Vec<_>>(), [true, false]);
    (found[0].1, found[1].1)
}

/// Nodes that hold sessions, and whether they are primaries.
async fn holders(redis: &Owned) -> Vec<(bool, &'static str)> {
    let mut found = Vec::new();
    for node in ["node1", "node2", "node3", "node4", "node5", "node6"] {
        let keys = redis.redis_cli(node, &["KEYS", "*:s:*"]).await;
        let is_primary = redis.redis_cli(node, &["ROLE"]).await.starts_with("master");
        if !keys.is_empty() {
            found.push((is_primary, node));
        }
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    found
}
