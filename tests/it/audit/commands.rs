//! `sekisho audit`, as processes.

use std::{path::Path, sync::Arc};

use rustix::process::Signal;
use sekisho::{
    domain::{Event, EventKind, Origin, Timestamp},
    storage::{
        Audit,
        sql::{Location, SqlStore},
    },
};
use serde_json::{Value, json};
use sqlx::{SqlitePool, sqlite::SqliteConnectOptions};

use crate::{
    storage::data::{account, client, ip, session_id},
    support::{
        eventually,
        process::{Ended, Service, run, serve_settings},
    },
};

/// 2027-01-15, 08:00.
const MORNING: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// A folder with a database that is migrated, and its settings.
struct Place {
    folder: tempfile::TempDir,
    settings: Vec<(&'static str, String)>,
}

impl Place {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = serve_settings(folder.path());
        let place = Self { folder, settings };
        assert_eq!(place.call(&["migrate"]).await.code, Some(0));
        place
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("sekisho.db")
    }

    async fn call(&self, arguments: &[&str]) -> Ended {
        run(self.folder.path(), arguments, &self.settings).await
    }

    /// What a command prints that succeeds.
    async fn printed(&self, arguments: &[&str]) -> String {
        let ended = self.call(arguments).await;
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.stderr);
        ended.stdout
    }

    /// What `export` prints, line by line.
    async fn exported(&self, filters: &[&str]) -> Vec<Value> {
        let lines = self.printed(&[&["audit", "export"], filters].concat()).await;
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    async fn serve(&self) -> Service {
        Service::start(self.folder.path(), &["serve"], &self.settings).await
    }

    /// Lets a server seal everything, and ends it.
    async fn seal(&self) -> String {
        let service = self.serve().await;
        let verified = self.sealed().await;
        service.signal(Signal::TERM);
        assert_eq!(service.ended().await.code, Some(0));
        verified
    }

    /// What `verify` prints, once everything is sealed.
    async fn sealed(&self) -> String {
        eventually(async || {
            let verified = self.call(&["audit", "verify"]).await;
            verified.code == Some(0) && !verified.stdout.contains("not sealed yet")
        })
        .await;
        self.printed(&["audit", "verify"]).await
    }
}

async fn store(file: &Path) -> SqlStore {
    SqlStore::open(&Location::Sqlite(file.to_owned()), Arc::default()).await.unwrap()
}

/// A day: an account, logins from two networks, and the day after.
async fn write(place: &Place) {
    let store = store(&place.file()).await;
    let event = |hour: u64, kind, address: &str| {
        let origin = Origin { address: Some(ip(address)), request_id: format!("call-{hour}").into() };
        Event::new(MORNING + std::time::Duration::from_secs(hour * 3_600), kind, &origin)
    };
    let ada = account(1);
    let created = event(0, EventKind::SignupCompleted, "192.0.2.1").user(ada.id);
    sekisho::storage::Accounts::create(&store, &ada, &created).await.unwrap();
    let events = [
        event(1, EventKind::LoginSucceeded, "192.0.2.7").user(ada.id).session(session_id(1)).client(&client("web")),
        event(2, EventKind::LoginWrongPassword, "198.51.100.1").user(ada.id).mailbox([7; 32]),
        event(3, EventKind::LoginUnknown, "198.51.100.2"),
        event(4, EventKind::SessionEvicted, "2001:db8:1:2::1").user(ada.id),
        event(5, EventKind::RefreshReused, "2001:db8:1:3::1").user(ada.id),
        event(16, EventKind::LoggedOut, "192.0.2.7").user(ada.id),
    ];
    store.record(&events).await.unwrap();
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_exported_whole_and_by_filter() {
    let place = Place::new().await;
    write(&place).await;
    let lines = place.exported(&[]).await;
    assert_eq!(lines.len(), 7);
    let wanted = json!({
        "id": lines[1]["id"], "at": "2027-01-15T09:00:00.000000Z", "kind": "login_succeeded",
        "user_id": account(1).id.to_string(), "session_id": session_id(1).to_string(), "client_id": "web",
        "mailbox": null, "ip_address": "192.0.2.7", "request_id": "call-1",
    });
    assert_eq!(lines[1], wanted);
    assert_eq!(lines[2]["mailbox"], "07".repeat(32));
    let id = account(1).id.to_string();
    for (filters, calls) in [
        (&["--kind", "login_unknown", "--kind", "logged_out"][..], &[3, 16][..]),
        (&["--user", &id, "--to", "2027-01-15T10:00:00Z"], &[0, 1]),
        (&["--user", account(1).email.as_str(), "--from", "2027-01-15T13:00:00+01:00"], &[4, 5, 16]),
        (&["--user", "nobody@example.com"], &[]),
        (&["--from", "2027-01-15T10:00:00.000001Z", "--to", "2027-01-15T11:00:00.000001Z"], &[3]),
    ] {
        let found: Vec<Value> =
            place.exported(filters).await.into_iter().map(|line| line["request_id"].clone()).collect();
        let wanted: Vec<Value> = calls.iter().map(|hour| format!("call-{hour}").into()).collect();
        assert_eq!(found, wanted, "{filters:?}");
    }
    for (filter, value, complaint) in [
        ("--from", "yesterday", "not a time of RFC 3339"),
        ("--user", "ada", "neither a UUID nor an e-mail address"),
        ("--kind", "login", "one of: signup_code_sent, "),
    ] {
        let ended = place.call(&["audit", "export", filter, value]).await;
        assert!(ended.code != Some(0) && ended.stderr.contains(complaint), "{filter}: {}", ended.stderr);
    }
}

/// Pages are of a thousand.
#[tokio::test(flavor = "multi_thread")]
async fn an_export_goes_on_over_pages() {
    let place = Place::new().await;
    let store = store(&place.file()).await;
    let events: Vec<Event> = (0..2_500)
        .map(|n: u64| {
            Event::new(MORNING + std::time::Duration::from_secs(n * 60), EventKind::LoggedOut, &Origin::default())
        })
        .collect();
    store.record(&events).await.unwrap();
    store.close().await;
    let ids: Vec<i64> = place.exported(&[]).await.iter().map(|line| line["id"].as_i64().unwrap()).collect();
    assert!(ids.len() == 2_500 && ids.is_sorted());
    // By halving to the beginning, and no further than the end.
    let some = place.exported(&["--from", "2027-01-16T00:00:00Z", "--to", "2027-01-16T01:00:00Z"]).await;
    assert_eq!((some.len(), &some[0]["at"]), (60, &json!("2027-01-16T00:00:00.000000Z")));
    let listed = place.printed(&["audit", "list", "--limit", "2000", "--to", "2027-01-16T01:00:00Z"]).await;
    assert_eq!(listed.lines().count(), 1_020);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_are_listed_for_people() {
    let place = Place::new().await;
    write(&place).await;
    let listed = place.printed(&["audit", "list", "--limit", "2"]).await;
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].contains("logged_out") && lines[1].contains("refresh_reused"), "{listed}");
    let id = account(1).id.to_string();
    let listed = place.printed(&["audit", "list", "--user", &id, "--kind", "login_succeeded"]).await;
    let session = session_id(1);
    let wanted = format!("  user={id}  session={session}  client=web  from=192.0.2.7  request=call-1\n");
    assert!(listed.ends_with(&wanted), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_told_in_numbers() {
    let place = Place::new().await;
    write(&place).await;
    let report = place.printed(&["audit", "report", "--day", "2027-01-15", "--format", "json"]).await;
    let report: Value = serde_json::from_str(&report).unwrap();
    let networks = json!([
        {"network": "198.51.100.0/24", "events": 2, "failed_logins": 2},
        {"network": "192.0.2.0/24", "events": 2, "failed_logins": 0},
        {"network": "2001:db8:1::/48", "events": 2, "failed_logins": 0},
    ]);
    let wanted = json!({
        "day": "2027-01-15", "events": 6, "sign_ups": 1, "logins": 1, "failed_logins": 2, "password_resets": 0,
        "refresh_tokens_reused": 1, "sessions_evicted": 1, "networks": networks,
        "kinds": {"signup_completed": 1, "login_succeeded": 1, "login_wrong_password": 1, "login_unknown": 1,
                  "session_evicted": 1, "refresh_reused": 1},
    });
    assert_eq!(report, wanted);
    let text = place.printed(&["audit", "report", "--day", "2027-01-16"]).await;
    assert!(text.starts_with("2027-01-16 (UTC)\n         1  events\n"), "{text}");
    assert!(place.call(&["audit", "report", "--day", "15.1.2027"]).await.stderr.contains("not a day"));
}

/// R75.
#[tokio::test(flavor = "multi_thread")]
async fn verify_names_the_first_event_that_was_changed_and_exits_1() {
    let place = Place::new().await;
    let nothing = place.call(&["audit", "verify"]).await;
    assert!(nothing.code == Some(1) && nothing.stderr.contains("no event was sealed yet"), "{}", nothing.stderr);
    write(&place).await;
    let verified = place.seal().await;
    assert!(verified.starts_with("7 events are what was sealed\n"), "{verified}");
    let noted = verified.lines().find(|line| line.starts_with("7:")).expect("the end").to_owned();
    write_one(&place).await;
    assert!(place.printed(&["audit", "verify"]).await.contains("1 events are not sealed yet"));
    place.seal().await;
    let verified = place.printed(&["audit", "verify", "--noted", &noted]).await;
    assert!(verified.contains("the link that was noted, 7, is in the chain"), "{verified}");

    let options = SqliteConnectOptions::new().filename(place.file());
    let database = SqlitePool::connect_with(options).await.unwrap();
    for statement in [
        "UPDATE audit_events SET user_id = NULL WHERE seq = (SELECT seq FROM audit_links WHERE number = 3)",
        "DELETE FROM audit_events WHERE seq = (SELECT seq FROM audit_links WHERE number = 5)",
    ] {
        sqlx::query(statement).execute(&database).await.unwrap();
    }
    let broken = place.call(&["audit", "verify"]).await;
    assert_eq!((broken.code, broken.stdout.as_str()), (Some(1), ""));
    assert!(broken.stderr.contains("event 3 (link 3) was changed"), "{}", broken.stderr);
}

async fn write_one(place: &Place) {
    let store = store(&place.file()).await;
    store.record(&[Event::new(MORNING, EventKind::LoggedOut, &Origin::default())]).await.unwrap();
    store.close().await;
}

/// A crash between an event and its seal costs neither.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_server_had_not_sealed_the_next_one_seals() {
    let place = Place::new().await;
    for _ in 0..3 {
        let service = place.serve().await;
        let body = json!({"email": "nobody@example.com", "password": "correct horse battery staple", "client_id": "a"});
        assert_eq!(service.post("/api/v1/auth/login", body).await.status, 401);
        service.kill().await;
    }
    let verified = place.seal().await;
    assert!(verified.starts_with("3 events are what was sealed\n"), "{verified}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_leaves_nothing_unsealed() {
    let place = Place::new().await;
    let service = place.serve().await;
    let body = json!({"email": "nobody@example.com", "password": "correct horse battery staple", "client_id": "a"});
    assert_eq!(service.post("/api/v1/auth/login", body).await.status, 401);
    service.signal(Signal::TERM);
    assert_eq!(service.ended().await.code, Some(0));
    let verified = place.printed(&["audit", "verify"]).await;
    assert!(verified.starts_with("1 events are what was sealed\n") && !verified.contains("not sealed"), "{verified}");
}

/// R73. Through every door that takes text, and by a row that came through none.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_a_caller_sends_forges_a_line() {
    const HOSTILE: &str = "x\r\n{\"id\":1}\u{1b}[2J\u{9b}31m\u{202e}\u{2066}\u{2028}\"";
    let place = Place::new().await;
    let service = place.serve().await;
    let headers = "\u{202e}\u{2066}\u{9b}31m\t\"'";
    let body = |client_id: &str| json!({"email": "nobody@example.com", "password": "correct horse battery staple", "client_id": client_id});
    let client = reqwest::Client::new();
    for (client_id, status) in [("phone", 401), (HOSTILE, 400)] {
        let request = client.post(format!("{}/api/v1/auth/login", service.base())).json(&body(client_id));
        let request = request.header("x-request-id", headers.as_bytes()).header("user-agent", headers.as_bytes());
        assert_eq!(request.send().await.unwrap().status(), status);
    }
    service.signal(Signal::TERM);
    service.ended().await;
    let options = SqliteConnectOptions::new().filename(place.file());
    let database = SqlitePool::connect_with(options).await.unwrap();
    let insert = "INSERT INTO audit_events (at, kind, client_id, address, request_id) VALUES (0, $1, $1, $1, $1)";
    sqlx::query(insert).bind(HOSTILE).execute(&database).await.unwrap();

    let text = place.printed(&["audit", "export"]).await;
    assert!(text.bytes().all(|byte| byte == b'\n' || matches!(byte, b' '..=b'~')), "{text:?}");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["request_id"].as_str().unwrap().len(), 36, "the caller's was not taken");
    for member in ["kind", "client_id", "ip_address", "request_id"] {
        assert_eq!(lines[1][member], HOSTILE);
    }
    let listed = place.printed(&["audit", "list"]).await;
    assert!(listed.bytes().all(|byte| byte == b'\n' || matches!(byte, b' '..=b'~')), "{listed:?}");
    assert_eq!(listed.lines().count(), 2);
    let report = place.printed(&["audit", "report", "--day", "1970-01-01"]).await;
    assert!(report.bytes().all(|byte| byte == b'\n' || matches!(byte, b' '..=b'~')), "{report:?}");
}
