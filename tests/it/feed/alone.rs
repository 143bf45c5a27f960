//! One server, whatever its stores.

mod access;
mod resume;

use sekisho::domain::{
    Revocation, SessionId, UserId,
    revocation::{RevocationReason, Target},
};
use uuid::Uuid;

use crate::support::{
    TestApp,
    acts::ADA,
    app::SignedIn,
    eventually,
    feed::{Watcher, set},
};

/// Ada may sign in as often as a test wants.
const ROOM: [(&str, &str); 2] = [("SEKISHO_MAX_SESSIONS", "0"), ("SEKISHO_LIMIT_LOGIN", "100000/300")];

fn session(signed_in: &SignedIn) -> String {
    format!("session {}", signed_in.session_id())
}

/// Adds so many lines as a flow would, and faster.
async fn append(app: &TestApp, number: usize) {
    let now = app.app.ctx.now();
    let line = |n: usize| Revocation {
        user_id: UserId(Uuid::from_u128(1)),
        target: Target::Session(SessionId(Uuid::from_u128(n as u128))),
        not_before: now,
        reason: RevocationReason::Logout,
        expires_at: now + std::time::Duration::from_secs(86_400),
    };
    let lines: Vec<Revocation> = (0..number).map(line).collect();
    for lines in lines.chunks(500) {
        app.app.ctx.stores.journal.append(lines, &[], &[]).await.unwrap();
    }
    app.app.ctx.feed.wake();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_begins_with_all_that_matters_then_keys_and_a_heartbeat() {
    let app = TestApp::with(&ROOM).await;
    let ada = app.ada().await;
    let (phone, tablet) = (app.ada_on("phone").await, app.ada_on("tablet").await);
    app.log_out(&phone.refresh, "phone").await;
    app.log_out(&tablet.refresh, "tablet").await;
    eventually(async || app.app.ctx.feed.place().sequence == 2).await;
    let watcher = app.watch(None).await;
    assert_eq!((watcher.snapshots, watcher.targets()), (1, vec![session(&phone), session(&tablet)]));
    assert_eq!(watcher.keys.len(), 1);
    assert_eq!(watcher.keys[0], [crate::support::acts::jose_header(&ada.access)["kid"].as_str().unwrap()]);
    let now = app.app.ctx.now().seconds();
    for revocation in &watcher.seen {
        assert_eq!(revocation.not_before, 0, "a session's");
        assert!(revocation.expires_at > now + 900 && revocation.expires_at < now + 3_700, "{revocation:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_revocation_is_sent_as_it_is_made() {
    let app = TestApp::with(&[("SEKISHO_MAX_SESSIONS", "2"), ROOM[1]]).await;
    let mut watcher = app.watch(None).await;
    let first = app.ada().await;
    let (second, third) = (app.ada_on("phone").await, app.ada_on("tablet").await);
    watcher.sees(1).await;
    app.log_out(&second.refresh, "phone").await;
    watcher.sees(2).await;
    let reused = app.ada_on("phone").await;
    let next = app.refreshed(&reused.refresh, "phone").await;
    app.refreshed(&next, "phone").await;
    app.refresh(&reused.refresh, "phone").await.refused(401, "refresh_token_reused");
    watcher.sees(3).await;
    let mismatched = app.ada_on("phone").await;
    app.refresh(&mismatched.refresh, "thief").await.refused(401, "client_id_mismatch");
    watcher.sees(4).await;
    let listed = app.ada_on("phone").await;
    let path = format!("/api/v1/auth/sessions/{}", listed.session_id());
    assert_eq!(app.call("DELETE", &path, &third.access, None).await.status, 200);
    watcher.sees(5).await;
    app.revoke_token(&third.access).await.unwrap();
    watcher.sees(6).await;
    let last = app.ada_on("phone").await;
    app.call("POST", "/api/v1/auth/logout-all", &last.access, Some(serde_json::json!({}))).await;
    watcher.sees(7).await;

    let token = format!("token {}", third.claims()["jti"].as_str().unwrap());
    let user = format!("user {} until {}", last.user_id(), app.app.ctx.now().seconds());
    let sessions = [&first, &second, &reused, &mismatched, &listed].map(session);
    assert_eq!(watcher.targets(), [&sessions[..], &[token, user]].concat());
    assert_eq!(watcher.snapshots, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_none_is_lost_whoever_follows() {
    let app = TestApp::with(&ROOM).await;
    app.ada().await;
    let mut signed_in = Vec::new();
    for _ in 0..64 {
        signed_in.push(app.login(ADA, "phone").await);
    }
    let mut watchers: Vec<Watcher> = Vec::new();
    for _ in 0..4 {
        watchers.push(app.watch(None).await);
    }
    let log_outs = signed_in.iter().map(|signed_in| app.log_out(&signed_in.refresh, "phone"));
    for answer in futures_util::future::join_all(log_outs).await {
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let wanted = set(signed_in.iter().map(session));
    for watcher in &mut watchers {
        watcher.sees(64).await;
        assert_eq!(set(watcher.targets()), wanted);
    }
    // One who comes later, and one who was there, have the same order.
    let late = app.watch(None).await;
    assert!(watchers.iter().all(|watcher| watcher.targets() == late.targets()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_snapshot_comes_in_parts() {
    let app = TestApp::start().await;
    append(&app, 2_500).await;
    eventually(async || app.app.ctx.feed.place().sequence >= 2_500).await;
    let mut watcher = app.watch(None).await;
    assert_eq!((watcher.seen.len(), watcher.snapshots), (2_500, 1));
    append(&app, 2_500).await;
    watcher.sees(5_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heartbeats_say_how_old_the_knowledge_is() {
    let app = TestApp::start().await;
    let mut watcher = app.watch(None).await;
    for _ in 0..2 {
        let behind = watcher.heartbeat().await.behind.unwrap();
        assert!(behind.seconds < 20, "{behind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_strike_no_token_any_more_is_not_sent() {
    let app = TestApp::with(&ROOM).await;
    app.ada().await;
    let old = app.ada_on("phone").await;
    app.log_out(&old.refresh, "phone").await;
    app.advance(3_000);
    let young = app.ada_on("phone").await;
    app.log_out(&young.refresh, "phone").await;
    eventually(async || app.app.ctx.feed.place().sequence == 2).await;
    assert_eq!(app.watch(None).await.targets(), [session(&old), session(&young)]);
    app.advance(1_000);
    let mut watcher = app.watch(None).await;
    assert_eq!(watcher.targets(), [session(&young)]);
    assert_eq!((watcher.sequence(), watcher.heartbeat().await.sequence), (2, 2));
    let app = app.restart(&ROOM).await;
    assert_eq!(app.watch(None).await.targets(), [session(&young)], "nor after a restart");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_told_to_those_who_follow() {
    let app = TestApp::start().await;
    let mut watcher = app.watch(None).await;
    app.app.ctx.keyring.rotate().await.unwrap();
    while watcher.keys.len() < 2 {
        watcher.heartbeat().await;
    }
    assert_eq!(watcher.keys.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(watcher.keys[0], watcher.keys[1][..1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_sends_its_subscribers_elsewhere_and_does_not_wait_for_them() {
    let app = TestApp::start().await;
    let mut watchers = [app.watch(None).await, app.watch(None).await];
    let begun = tokio::time::Instant::now();
    app.stop().await;
    assert!(begun.elapsed() < std::time::Duration::from_secs(15), "the drain was not used up");
    for watcher in &mut watchers {
        assert_eq!(watcher.end().await, (tonic::Code::Unavailable, "OVERLOADED".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_tell_of_it() {
    let app = TestApp::start().await;
    append(&app, 3).await;
    eventually(async || app.app.ctx.feed.place().sequence == 3).await;
    let watcher = app.watch(None).await;
    let metrics = app.ops_text("/metrics").await;
    for line in [
        "sekisho_feed_subscribers 1\n",
        "sekisho_feed_window 3\n",
        "sekisho_feed_resyncs_total 1\n",
        "sekisho_feed_frames_total{kind=\"snapshot\"} 1\n",
        "sekisho_feed_frames_total{kind=\"keys\"} 1\n",
        "sekisho_feed_behind_seconds ",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
    drop(watcher);
    eventually(async || app.ops_text("/metrics").await.contains("sekisho_feed_subscribers 0\n")).await;
}
