//! What another process wrote into the journal and could not apply here: it was cut
//! off, together with a former primary.

use std::sync::Arc;

use sekisho::storage::{Journal, Sessions, redis::RedisStore, sessions::SessionLimit, sql::SqlStore};
use tempfile::TempDir;

use crate::{
    storage::{
        back_ends::{open_redis, open_sqlite},
        data::{NOW, session},
        journal::{of_session, of_user},
    },
    support::servers::{redis_prefix, redis_url},
};

async fn stores() -> (TempDir, Arc<SqlStore>, Arc<RedisStore>) {
    let data = tempfile::tempdir().unwrap();
    let sql = open_sqlite(&data.path().join("sekisho.db")).await;
    let redis = open_redis(&redis_url().await, &redis_prefix(), &sql).await;
    (data, sql, redis)
}

async fn open(redis: &RedisStore, person: u128, number: u128) {
    redis.open(&session(person, number), SessionLimit::Unlimited, NOW).await.unwrap();
}

async fn listed(redis: &RedisStore, person: u128) -> usize {
    redis.list(session(person, 1).user_id, NOW).await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_wrote_is_applied_once() {
    let (_data, sql, redis) = stores().await;
    for number in 1..=3 {
        open(&redis, 1, number).await;
    }
    sql.append(&[of_session(2)], &[], &[]).await.unwrap();
    assert_eq!(redis.follow_journal().await.unwrap(), 1);
    assert_eq!(listed(&redis, 1).await, 2);
    assert_eq!(redis.follow_journal().await.unwrap(), 0);
    sql.append(&[of_user(1, NOW)], &[], &[]).await.unwrap();
    assert_eq!(redis.follow_journal().await.unwrap(), 2);
    assert_eq!(listed(&redis, 1).await, 0);
}

/// More than are read at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_long_journal_is_applied_to_its_end() {
    let (_data, sql, redis) = stores().await;
    let lines: Vec<_> = (1..=1_200).map(of_session).collect();
    sql.append(&lines, &[], &[]).await.unwrap();
    open(&redis, 1, 1).await;
    open(&redis, 1, 1_200).await;
    open(&redis, 1, 1_201).await;
    assert_eq!(redis.follow_journal().await.unwrap(), 2);
    assert_eq!(listed(&redis, 1).await, 1);
}

/// A process that starts applies what a crash kept from being applied.
#[tokio::test(flavor = "multi_thread")]
async fn a_start_applies_what_a_crash_left() {
    let data = tempfile::tempdir().unwrap();
    let sql = open_sqlite(&data.path().join("sekisho.db")).await;
    let (url, prefix) = (redis_url().await, redis_prefix());
    let before = open_redis(&url, &prefix, &sql).await;
    open(&before, 1, 1).await;
    open(&before, 1, 2).await;
    sql.append(&[of_session(1)], &[], &[]).await.unwrap();
    let after = open_redis(&url, &prefix, &sql).await;
    assert_eq!(listed(&after, 1).await, 1);
}
