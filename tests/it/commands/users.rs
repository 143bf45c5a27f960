//! `sekisho user`.

use std::{path::Path, sync::Arc, time::Duration};

use sekisho::{
    app::World,
    clock::{Clock, ManualClock, SystemClock},
    crypto::admin_token::AdminToken,
    domain::{EventKind, Session, Timestamp, account::AccountState, revocation::Target, session::Subject},
    storage::{
        Accounts, Journal, Outbox, Sessions,
        sessions::SessionLimit,
        sql::{Location, SqlStore},
    },
};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    storage::data::{NOW, account, event, session},
    support::{
        TestApp,
        app::secrets,
        eventually,
        process::{run, serve_settings},
        servers::{redis_prefix, redis_url},
    },
};

async fn open(folder: &Path) -> SqlStore {
    SqlStore::open(&Location::Sqlite(folder.join("sekisho.db")), Arc::default()).await.unwrap()
}

/// R16.
#[tokio::test]
async fn a_fresh_install_has_nobody_and_the_first_administrator_comes_by_a_token() {
    let folder = tempfile::tempdir().unwrap();
    let settings = serve_settings(folder.path());
    assert_eq!(run(folder.path(), &["migrate"], &settings).await.code, Some(0));
    let file = SqliteConnectOptions::new().filename(folder.path().join("sekisho.db"));
    let mut database = SqliteConnection::connect_with(&file).await.unwrap();
    let all = "SELECT (SELECT count(*) FROM accounts) + (SELECT count(*) FROM service_accounts)";
    assert_eq!(sqlx::query_scalar::<_, i64>(all).fetch_one(&mut database).await.unwrap(), 0);
    database.close().await.unwrap();

    let printed = run(folder.path(), &["user", "admin-token"], &settings).await;
    let token = AdminToken::parse(printed.stdout.trim()).unwrap();
    assert!(token.is_good(&secrets(), World::default().clock.now()));
    let store = open(folder.path()).await;
    assert_eq!(crate::storage::data::audit_kinds_of(&store).await, ["admin_token_issued"]);
    store.close().await;
}

#[tokio::test]
async fn people_are_shown_disabled_enabled_signed_out_and_given_roles() {
    let folder = tempfile::tempdir().unwrap();
    let settings = serve_settings(folder.path());
    let call = async |arguments: &[&str]| run(folder.path(), arguments, &settings).await;
    call(&["migrate"]).await;
    let mut ada = account(1);
    ada.state = AccountState::Active;
    let store = open(folder.path()).await;
    store.create(&ada, &event(EventKind::SignupCompleted)).await.unwrap();
    let now = World::default().clock.now();
    let ends_at = now + Duration::from_secs(3_600);
    let live = Session { created_at: now - Duration::from_secs(60), expires_at: ends_at, ends_at, ..session(1, 1) };
    store.open(&live, SessionLimit::Unlimited, now).await.unwrap();
    assert_eq!(Sessions::list(&store, ada.id, now).await.unwrap().len(), 1);
    store.close().await;

    let (id, email) = (ada.id.to_string(), ada.email.as_str());
    for who in [id.as_str(), email, "ADA1@example.com"] {
        let shown = call(&["user", "show", who]).await;
        assert_eq!((shown.code, shown.stdout.trim().starts_with(&format!("{id}  {email}  active  "))), (Some(0), true));
    }
    for (arguments, complaint) in [
        (&["user", "show", "nobody@example.com"][..], "there is no such account"),
        (&["user", "disable", "nonsense"], "neither a UUID nor an address"),
        (&["user", "set-roles", email, "a b"], "at most 32 roles"),
    ] {
        let ended = call(arguments).await;
        assert!(ended.code != Some(0) && ended.stderr.contains(complaint), "{arguments:?}: {}", ended.stderr);
    }
    for _ in 0..2 {
        assert_eq!(call(&["user", "disable", email]).await.stdout, format!("{id} is disabled\n"));
    }
    let store = open(folder.path()).await;
    assert_eq!(store.by_id(ada.id).await.unwrap().unwrap().state, AccountState::Disabled);
    assert!(Sessions::list(&store, ada.id, now).await.unwrap().is_empty());
    assert_eq!((store.latest(i64::MAX, 10).await.unwrap().len(), store.backlog(NOW).await.unwrap().all), (2, 1));
    store.close().await;

    assert_eq!(call(&["user", "enable", email]).await.stdout, format!("{id} is enabled\n"));
    assert_eq!(call(&["user", "set-roles", email, "reader", "editor"]).await.code, Some(0));
    assert!(call(&["user", "show", email]).await.stdout.trim().ends_with("  editor reader"));
    assert_eq!(call(&["user", "end-sessions", email]).await.code, Some(0));
    let store = open(folder.path()).await;
    assert_eq!(store.latest(i64::MAX, 10).await.unwrap().len(), 4);
    let kinds = crate::storage::data::audit_kinds_of(&store).await;
    assert_eq!(kinds[1..], ["admin_user_disabled", "admin_user_enabled", "admin_roles_set", "admin_sessions_ended"]);
}

/// The clock of the machine that a command runs on may be behind those of the servers.
#[tokio::test]
async fn what_began_later_than_now_ends_too() {
    let folder = tempfile::tempdir().unwrap();
    let settings = serve_settings(folder.path());
    assert_eq!(run(folder.path(), &["migrate"], &settings).await.code, Some(0));
    let (store, now) = (open(folder.path()).await, World::default().clock.now());
    let mut ada = account(1);
    ada.state = AccountState::Active;
    store.create(&ada, &event(EventKind::SignupCompleted)).await.unwrap();
    let later = now + Duration::from_secs(300);
    let ends = later + Duration::from_secs(86_400);
    let plain = session(1, 1);
    // It has seen no end of all sessions.
    let subject = Subject { issued_after: Timestamp::default(), ..plain.subject.clone() };
    let ahead = Session { created_at: later, expires_at: ends, ends_at: ends, subject, ..plain };
    store.open(&ahead, SessionLimit::Unlimited, later).await.unwrap();
    let ended = run(folder.path(), &["user", "disable", ada.email.as_str()], &settings).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(Sessions::list(&store, ada.id, later).await.unwrap().is_empty());
    let lines = store.live(0, now, 10).await.unwrap();
    assert!(lines.iter().any(|(_, line)| line.target == Target::Session(ahead.id)), "{lines:?}");
    store.close().await;
}

/// The same where the sessions are in Redis, by a server whose clock is ahead.
#[tokio::test(flavor = "multi_thread")]
async fn what_began_later_than_now_ends_in_redis_too() {
    let (url, prefix) = (redis_url().await, redis_prefix());
    let redis = [("SEKISHO_REDIS_URL", &*url), ("SEKISHO_REDIS_PREFIX", &*prefix), ("SEKISHO_REDIS_TIMEOUT", "10000")];
    let clock = ManualClock::at(SystemClock.now() + Duration::from_secs(300));
    let data = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}", data.path().join("sekisho.db").display());
    let app = TestApp::at(data, clock, &[&redis[..], &[("SEKISHO_DATABASE_URL", &*database)]].concat()).await;
    let ada = app.ada().await;
    let mut settings = serve_settings(app.data.path());
    settings.extend(redis.map(|(name, value)| (name, value.to_owned())));
    let ended = run(app.data.path(), &["user", "disable", &ada.user_id()], &settings).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let lines = app.app.ctx.stores.journal.live(0, app.app.ctx.now(), 10).await.unwrap();
    let of_its_own = |target| matches!(target, Target::Session(id) if id.0.to_string() == ada.session_id());
    assert!(lines.iter().any(|(_, line)| of_its_own(line.target)), "{lines:?}");
    eventually(async || app.refresh(&ada.refresh, "laptop").await.status == 401).await;

    let before = lines.len();
    assert_eq!(run(app.data.path(), &["user", "disable", &ada.user_id()], &settings).await.code, Some(0));
    let lines = app.app.ctx.stores.journal.live(0, app.app.ctx.now(), 10).await.unwrap();
    assert!(lines.len() > before, "given again, it looks again");

    let away = [("SEKISHO_REDIS_URL", "redis://127.0.0.1:9".to_owned())];
    let settings = [settings, away.into()].concat();
    let ended = run(app.data.path(), &["user", "end-sessions", &ada.user_id()], &settings).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("give the command again"), "{}", ended.stderr);
}
