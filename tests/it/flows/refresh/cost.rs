//! What a refresh costs the stores.

use super::*;
use crate::support::{
    cost::{Counts, operations, since},
    servers::Owned,
};

const REFRESHES: u64 = 200;

/// How often Redis was sent a script by its hash, as all are.
async fn scripts(redis: &Owned) -> u64 {
    let stats = redis.redis_cli("redis", &["info", "commandstats"]).await;
    let calls = stats.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls=")?.split(',').next());
    calls.expect("scripts were called").parse().unwrap()
}

/// How often the journal was followed, which takes a script as well.
async fn followed(app: &TestApp) -> u64 {
    let metrics = app.ops_text("/metrics").await;
    let count = "sekisho_store_duration_seconds_count{operation=\"fence.mark\",ok=\"true\"} ";
    metrics.lines().find_map(|line| line.strip_prefix(count)).map_or(0, |number| number.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn on_redis_it_is_one_script_and_no_sql() {
    let redis = Owned::start("redis", &[]).await;
    let app = TestApp::with(&[("SEKISHO_REDIS_URL", &redis.url), ("SEKISHO_REDIS_TIMEOUT", "10000")]).await;
    let mut token = app.ada().await.refresh;
    let operations_before = operations(&app).await;
    let (scripts_before, followed_before) = (scripts(&redis).await, followed(&app).await);

    for _ in 0..REFRESHES {
        token = app.refreshed(&token, CLIENT).await;
    }

    let done = since(&operations_before, operations(&app).await);
    assert_eq!(done, Counts::from([("sessions.rotate".to_owned(), REFRESHES)]));
    let (scripts, followed) = (scripts(&redis).await - scripts_before, followed(&app).await - followed_before);
    // The journal may have been followed between two counts that belong together, and Redis
    // asked for a sign of life and its sessions.
    assert!(
        scripts.abs_diff(REFRESHES + followed) <= 5,
        "{scripts} scripts; the journal was followed {followed} times"
    );
}
