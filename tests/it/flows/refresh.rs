//! Refresh: every row of the rotation table, and the ends of a session's life.

use std::path::Path;

use serde_json::json;

use crate::support::{
    TestApp,
    acts::{ADA, claims},
    app::PASSWORD,
};

mod cost;
mod secret;

const CLIENT: &str = "laptop";
const DAY: u64 = 86_400;

#[tokio::test(flavor = "multi_thread")]
async fn the_current_token_is_exchanged() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    app.advance(10);
    let answer = app.refresh(&ada.refresh, CLIENT).await;
    assert_ne!(answer.refresh_token(), ada.refresh);
    assert_eq!((&answer.body["token_type"], &answer.body["expires_in"]), (&json!("Bearer"), &json!(900)));
    let (old, new) = (ada.claims(), claims(answer.body["access_token"].as_str().unwrap()));
    for same in ["sub", "sid", "client_id", "email", "auth_time", "amr"] {
        assert_eq!(new[same], old[same], "{same}");
    }
    assert_ne!(new["jti"], old["jti"]);
    assert_eq!(new["iat"].as_i64().unwrap() - old["iat"].as_i64().unwrap(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_access_token_before_stays_good() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    app.refreshed(&ada.refresh, CLIENT).await;
    assert_eq!(app.profile(&ada.access).await.status, 200);
}

/// R47, X02.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_reply_is_given_again_within_the_grace() {
    let app = TestApp::start().await;
    let first = app.ada().await.refresh;
    let second = app.refreshed(&first, CLIENT).await;
    assert_eq!(app.refreshed(&first, CLIENT).await, second);
    app.advance(30);
    let again = app.refresh(&first, CLIENT).await;
    assert_eq!(again.refresh_token(), second);
    assert_eq!(app.profile(again.body["access_token"].as_str().unwrap()).await.status, 200);
    app.refreshed(&second, CLIENT).await;
}

/// R47.
#[tokio::test(flavor = "multi_thread")]
async fn after_the_grace_a_retry_gets_another_successor() {
    let app = TestApp::start().await;
    let first = app.ada().await.refresh;
    let unseen = app.refreshed(&first, CLIENT).await;
    app.advance(31);
    let third = app.refreshed(&first, CLIENT).await;
    assert_ne!(third, unseen);
    assert_eq!(app.refreshed(&first, CLIENT).await, third, "the grace begins anew");
    app.refreshed(&third, CLIENT).await;
    assert!(app.audit_kinds().await.contains(&"refresh_late_retry".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_unseen_successor_of_a_late_retry_is_spent() {
    let app = TestApp::start().await;
    let first = app.ada().await.refresh;
    let unseen = app.refreshed(&first, CLIENT).await;
    app.advance(31);
    let third = app.refreshed(&first, CLIENT).await;
    app.refresh(&unseen, CLIENT).await.refused(401, "refresh_token_reused");
    app.refresh(&third, CLIENT).await.refused(401, "refresh_token_invalid");
}

/// R46, X03. A copy of a token came back: the family ends, and its owner is told.
#[tokio::test(flavor = "multi_thread")]
async fn a_spent_token_ends_the_family() {
    let app = TestApp::start().await;
    let ada = app.ada().await;
    let phone = app.login(ADA, "phone").await;
    let second = app.refreshed(&ada.refresh, CLIENT).await;
    let third = app.refreshed(&second, CLIENT).await;

    app.refresh(&ada.refresh, CLIENT).await.refused(401, "refresh_token_reused");

    for token in [&ada.refresh, &second, &third] {
        app.refresh(token, CLIENT).await.refused(401, "refresh_token_invalid");
    }
    app.profile(&ada.access).await.refused(401, "session_revoked");
    assert_eq!(app.profile(&phone.access).await.status, 200);
    let notice = app.told(ADA, "Security alert: a Sekisho session was ended").await;
    assert!(notice["text"].as_str().unwrap().contains("127.0.0.1"));
    let audit = app.audit().await;
    let row = audit.iter().find(|row| row.kind == "refresh_reused").unwrap();
    assert_eq!(row.user_id.unwrap().to_string(), ada.user_id());
    assert_eq!(row.session_id.unwrap().to_string(), ada.session_id());
}

/// X03. Whoever has a copy goes along for as long as both keep up, and the first who does
/// not ends it for both.
#[tokio::test(flavor = "multi_thread")]
async fn two_who_take_turns_at_one_chain_lose_it() {
    let app = TestApp::start().await;
    let mut owner = app.ada().await.refresh;
    let mut thief = owner.clone();
    for _ in 0..5 {
        owner = app.refreshed(&owner, CLIENT).await;
        thief = app.refreshed(&thief, CLIENT).await;
        assert_eq!(owner, thief, "there is one branch");
        app.advance(10);
    }
    owner = app.refreshed(&owner, CLIENT).await;
    owner = app.refreshed(&owner, CLIENT).await;
    app.refresh(&thief, CLIENT).await.refused(401, "refresh_token_reused");
    for token in [&owner, &thief] {
        app.refresh(token, CLIENT).await.refused(401, "refresh_token_invalid");
    }
    let audit = app.audit_kinds().await;
    assert_eq!(audit.iter().filter(|kind| *kind == "refresh_reused").count(), 1, "{audit:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_grace_a_moment_is_too_late() {
    let app = TestApp::with(&[("SEKISHO_REFRESH_GRACE", "0")]).await;
    let first = app.ada().await.refresh;
    let second = app.refreshed(&first, CLIENT).await;
    app.advance(1);
    assert_ne!(app.refreshed(&first, CLIENT).await, second);
}

/// With what is not in the file itself yet: a job that was cut off may keep it out for a while.
fn copy_database(from: &Path, to: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let [from, to] = [from, to].map(|path| format!("{}{suffix}", path.display()));
        if Path::new(&to).exists() {
            std::fs::remove_file(&to).unwrap();
        }
        // This one is made anew.
        if suffix != "-shm" && Path::new(&from).exists() {
            std::fs::copy(&from, &to).unwrap();
        }
    }
}

/// The store forgot its last writes: what it is shown is ours by its MAC.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_ahead_of_the_record_is_taken() {
    let data = tempfile::tempdir().unwrap();
    let (file, backup) = (data.path().join("a-file.db"), data.path().join("backup.db"));
    let url = format!("sqlite://{}", file.display());
    let settings = [("SEKISHO_DATABASE_URL", url.as_str()), ("SEKISHO_REDIS_URL", "")];
    let app = TestApp::in_data(data, &settings).await;
    let first = app.ada().await.refresh;
    let (data, clock) = app.stop().await;
    copy_database(&file, &backup);
    let app = TestApp::at(data, clock, &settings).await;
    let second = app.refreshed(&first, CLIENT).await;
    let third = app.refreshed(&second, CLIENT).await;
    let (data, clock) = app.stop().await;
    copy_database(&backup, &file);

    let app = TestApp::at(data, clock, &settings).await;

    let fourth = app.refreshed(&third, CLIENT).await;
    assert!(![&first, &second, &third].contains(&&fourth));
    assert!(app.audit_kinds().await.contains(&"refresh_recovered".to_owned()));
    assert_eq!(app.refreshed(&third, CLIENT).await, fourth);
    app.refresh(&second, CLIENT).await.refused(401, "refresh_token_reused");
}

/// R48.
#[tokio::test(flavor = "multi_thread")]
async fn another_client_is_refused_and_by_policy_ends_the_session() {
    for (policy, after) in [("revoke", 401), ("refuse", 200)] {
        let app = TestApp::with(&[("SEKISHO_CLIENT_MISMATCH", policy)]).await;
        let ada = app.ada().await;
        app.refresh(&ada.refresh, "thief").await.refused(401, "client_id_mismatch");
        let answer = app.refresh(&ada.refresh, CLIENT).await;
        assert_eq!(answer.status, after, "{policy}: {answer:?}");
        assert_eq!(app.profile(&ada.access).await.status, after, "{policy}");
        assert_eq!(app.journal().await.len(), usize::from(policy == "revoke"));
        let audit = app.audit().await;
        let row = audit.iter().find(|row| row.kind == "refresh_client_mismatch").unwrap();
        assert_eq!(row.session_id.unwrap().to_string(), ada.session_id());
    }
}

/// R42.
#[tokio::test(flavor = "multi_thread")]
async fn an_unused_session_expires_to_the_second() {
    let app = TestApp::start().await;
    let laptop = app.ada().await.refresh;
    app.advance(30 * DAY - 1);
    let second = app.refreshed(&laptop, CLIENT).await;
    app.advance(30 * DAY);
    app.refresh(&second, CLIENT).await.refused(401, "refresh_token_expired");
    assert_eq!(app.try_login(ADA, PASSWORD, CLIENT).await.status, 200);
}

/// R42.
#[tokio::test(flavor = "multi_thread")]
async fn no_use_prolongs_a_session_beyond_its_greatest_age() {
    let app = TestApp::start().await;
    let mut token = app.ada().await.refresh;
    for days in [29, 29, 29] {
        app.advance(days * DAY);
        token = app.refreshed(&token, CLIENT).await;
    }
    app.advance(3 * DAY - 1);
    token = app.refreshed(&token, CLIENT).await;
    app.advance(1);
    app.refresh(&token, CLIENT).await.refused(401, "refresh_token_expired");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_a_token_is_invalid() {
    let app = TestApp::start().await;
    let token = app.ada().await.refresh;
    let last = if token.ends_with('A') { "E" } else { "A" };
    let forged = format!("{}{last}", &token[..token.len() - 1]);
    for token in ["nonsense", "skr_", &token[..token.len() - 1], &forged, &token.to_uppercase()] {
        app.refresh(token, CLIENT).await.refused(401, "refresh_token_invalid");
    }
    app.refresh("", CLIENT).await.breaks("refresh_token", "REQUIRED");
    app.refresh(&"x".repeat(257), CLIENT).await.breaks("refresh_token", "TOO_LONG");
    app.refreshed(&token, CLIENT).await;
}
