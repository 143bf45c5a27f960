//! A Redis that forgets.

use std::path::{Path, PathBuf};

use super::{CLIENT, app_on, only_these_are_out, recovers, sign_ins};
use crate::support::{TestApp, acts::ADA, servers::Owned};

#[tokio::test(flavor = "multi_thread")]
async fn scripts_that_are_flushed_are_loaded_again() {
    let redis = Owned::start("redis", &[]).await;
    let app = app_on(&redis).await;
    let mut token = app.ada().await.refresh;
    for _ in 0..3 {
        assert_eq!(redis.redis_cli("redis", &["SCRIPT", "FLUSH"]).await, "OK");
        token = app.refreshed(&token, CLIENT).await;
    }
    redis.redis_cli("redis", &["SCRIPT", "FLUSH"]).await;
    assert_eq!(app.log_out(&token, CLIENT).await.status, 200);
    app.refresh(&token, CLIENT).await.refused(401, "refresh_token_invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_flush_everybody_signs_in_again() {
    let redis = Owned::start("redis", &[]).await;
    let app = app_on(&redis).await;
    let ada = app.ada().await;
    let out = sign_ins(&app, 1).await;
    app.log_out(&out[0].refresh, CLIENT).await;

    assert_eq!(redis.redis_cli("redis", &["FLUSHALL"]).await, "OK");

    app.ended(&ada, CLIENT).await;
    app.ended(&out[0], CLIENT).await;
    only_these_are_out(&app, &out, &sign_ins(&app, 2).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_signs_nobody_out() {
    let redis = Owned::start("redis", &["--appendfsync", "always"]).await;
    let app = app_on(&redis).await;
    app.ada().await;
    let (still_in, out) = (sign_ins(&app, 3).await, sign_ins(&app, 3).await);
    for signed_in in &out {
        assert_eq!(app.log_out(&signed_in.refresh, CLIENT).await.status, 200);
    }

    redis.kill("redis").await;
    app.refresh(&still_in[0].refresh, CLIENT).await.refused(503, "store_unavailable");
    redis.start_again("redis").await;

    recovers(&app).await;
    only_these_are_out(&app, &out, &still_in).await;
}

/// Signed out while Redis knew nothing of the session.
#[tokio::test(flavor = "multi_thread")]
async fn a_dump_does_not_bring_back_who_signed_out_after_a_flush() {
    let redis = Owned::start("redis", &["--appendfsync", "always"]).await;
    let app = app_on(&redis).await;
    app.ada().await;
    let (still_in, out) = (sign_ins(&app, 1).await, sign_ins(&app, 1).await);
    let folder = data_folder(&redis).await;
    let backup = tempfile::tempdir().unwrap();
    copy(&folder, backup.path());
    redis.redis_cli("redis", &["FLUSHALL"]).await;
    for _ in 0..2 {
        assert_eq!(app.log_out(&out[0].refresh, CLIENT).await.status, 200);
    }
    let audit = app.audit_kinds().await;
    assert_eq!(audit.iter().filter(|kind| *kind == "logged_out_lost").count(), 1, "{audit:?}");

    redis.kill("redis").await;
    copy(backup.path(), &folder);
    redis.start_again("redis").await;

    recovers(&app).await;
    only_these_are_out(&app, &out, &still_in).await;
}

/// R49. The dump knows sessions that have ended since, by each way there is.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_dump_brings_nobody_back() {
    let redis = Owned::start("redis", &["--appendfsync", "always"]).await;
    let app = app_on(&redis).await;
    app.ada().await;
    let (still_in, out) = (sign_ins(&app, 2).await, sign_ins(&app, 3).await);
    let folder = data_folder(&redis).await;
    let backup = tempfile::tempdir().unwrap();
    copy(&folder, backup.path());
    end_each_way(&app, &out.iter().map(|signed_in| signed_in.refresh.as_str()).collect::<Vec<_>>()).await;
    let moved_on = app.refreshed(&still_in[0].refresh, CLIENT).await;
    let moved_on = app.refreshed(&moved_on, CLIENT).await;

    redis.kill("redis").await;
    copy(backup.path(), &folder);
    redis.start_again("redis").await;

    recovers(&app).await;
    only_these_are_out(&app, &out, &still_in[1..]).await;
    assert_eq!(app.refresh(&moved_on, CLIENT).await.status, 200, "ahead of the record, by its MAC ours");
    assert!(app.audit_kinds().await.contains(&"refresh_reused".to_owned()));
}

/// Logout, a stolen token, and another client's hands.
async fn end_each_way(app: &TestApp, tokens: &[&str]) {
    assert_eq!(app.log_out(tokens[0], CLIENT).await.status, 200);
    let next = app.refreshed(tokens[1], CLIENT).await;
    app.refreshed(&next, CLIENT).await;
    app.refresh(tokens[1], CLIENT).await.refused(401, "refresh_token_reused");
    app.refresh(tokens[2], "thief").await.refused(401, "client_id_mismatch");
}

/// An end of all sessions is one line of the journal, and strikes all that a
/// dump brings back.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_of_all_sessions_outlives_a_dump() {
    let redis = Owned::start("redis", &["--appendfsync", "always"]).await;
    let app = app_on(&redis).await;
    let ada = app.ada().await;
    let mut out = sign_ins(&app, 3).await;
    out.push(ada);
    let folder = data_folder(&redis).await;
    let backup = tempfile::tempdir().unwrap();
    copy(&folder, backup.path());
    let answer = app.call("POST", "/api/v1/auth/logout-all", &out[0].access, Some(serde_json::json!({}))).await;
    assert_eq!(answer.body["revoked_count"], 4, "{answer:?}");

    redis.kill("redis").await;
    copy(backup.path(), &folder);
    redis.start_again("redis").await;

    recovers(&app).await;
    only_these_are_out(&app, &out, &[]).await;
    assert_eq!(app.try_login(ADA, crate::support::app::PASSWORD, CLIENT).await.status, 200);
}

async fn data_folder(redis: &Owned) -> PathBuf {
    let answer = redis.redis_cli("redis", &["CONFIG", "GET", "dir"]).await;
    Path::new(answer.lines().nth(1).unwrap()).join("appendonlydir")
}

fn copy(from: &Path, to: &Path) {
    for file in std::fs::read_dir(to).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}
