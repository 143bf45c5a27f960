//! Notices reach people through the outbox, whatever the mail server does and
//! whenever the service stops.

use std::{fs, time::Duration};

use rustix::process::Signal;
use sekisho::{
    clock::{Clock, ManualClock},
    storage::outbox::Backlog,
};
use serde_json::json;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::support::{
    TestApp,
    acts::ADA,
    app::PASSWORD,
    eventually,
    mail_server::{MailServer, Mood},
    process::{Service, run, serve_settings},
};

const CLIENT: &str = "laptop";
const SUBJECT: &str = "Security alert: a Sekisho session was ended";
/// No first pause is longer.
const FIRST_PAUSE: u64 = 10;
/// No lease is longer.
const LEASE: u64 = 120;
/// Nothing older is tried again.
const MAX_AGE: u64 = 3 * 86_400;

fn smtp(url: &str) -> [(&str, &str); 2] {
    [("SEKISHO_SMTP_URL", url), ("SEKISHO_MAIL_FROM", "no-reply@example.com")]
}

impl TestApp {
    /// Signs Ada up; a token of hers that is spent.
    async fn spent_token(&self) -> String {
        let first = self.ada().await.refresh;
        let second = self.refreshed(&first, CLIENT).await;
        self.refreshed(&second, CLIENT).await;
        first
    }

    /// Presents a spent token, of which Ada is to be told.
    async fn reuse(&self, spent: &str) {
        self.refresh(spent, CLIENT).await.refused(401, "refresh_token_reused");
    }

    async fn backlog(&self) -> (u64, u64) {
        let Backlog { all, due, .. } = self.app.ctx.stores.outbox.backlog(self.app.ctx.now()).await.unwrap();
        (all, due)
    }

    /// Waits until so many notices are left and none is due.
    async fn left(&self, wanted: u64) {
        eventually(async || self.backlog().await == (wanted, 0)).await;
    }

    /// Moves the clock, and has the outbox looked at.
    fn later(&self, seconds: u64) {
        self.advance(seconds);
        self.app.ctx.notices.notify_one();
    }

    /// How many notices were sent, retried and given up.
    async fn counts(&self) -> [u64; 3] {
        let metrics = self.ops_text("/metrics").await;
        ["sent", "retried", "given_up"].map(|kind| count(&metrics, kind))
    }
}

fn count(metrics: &str, kind: &str) -> u64 {
    let start = format!("sekisho_notices_total{{kind=\"{kind}\"}} ");
    metrics.lines().find_map(|line| line.strip_prefix(&start)).map_or(0, |number| number.parse().unwrap())
}

/// A service whose mail server took the mail of Ada's sign-up, and a spent token.
async fn signed_up() -> (TestApp, MailServer, String) {
    let mut server = MailServer::start();
    let app = TestApp::with(&smtp(&server.url)).await;
    let spent = app.spent_token().await;
    assert_eq!(server.next_asked().await, ADA);
    server.next().await;
    (app, server, spent)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_is_deferred_comes_later_and_once() {
    let (app, mut server, spent) = signed_up().await;
    server.set(Mood::Refuse(451));
    app.reuse(&spent).await;
    app.left(1).await;
    assert!(app.ops_text("/metrics").await.contains("sekisho_notices_waiting 1"));
    app.later(FIRST_PAUSE);
    app.left(1).await;

    server.set(Mood::Take);
    app.later(FIRST_PAUSE * 2);

    let notice = server.next().await;
    assert_eq!((notice.subject().as_str(), notice.to), (SUBJECT, vec![ADA.to_owned()]));
    app.left(0).await;
    for _ in 0..3 {
        assert_eq!(server.next_asked().await, ADA);
    }
    server.assert_asked_no_more();
    assert_eq!(app.counts().await, [1, 2, 0]);
    eventually(async || app.ops_text("/metrics").await.contains("sekisho_notices_waiting 0")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_is_refused_is_not_tried_again() {
    let (app, mut server, spent) = signed_up().await;
    server.set(Mood::Refuse(550));
    app.reuse(&spent).await;
    assert_eq!(server.next_asked().await, ADA);
    app.left(0).await;
    server.assert_asked_no_more();
    eventually(async || app.counts().await == [0, 0, 1]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_was_deferred_for_three_days_is_given_up() {
    let (app, mut server, spent) = signed_up().await;
    server.set(Mood::Refuse(451));
    app.reuse(&spent).await;
    app.left(1).await;
    app.later(MAX_AGE);
    app.left(0).await;
    for _ in 0..2 {
        assert_eq!(server.next_asked().await, ADA);
    }
    eventually(async || app.counts().await == [0, 1, 1]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_waits_for_a_server_that_is_down() {
    let app = TestApp::start().await;
    let spent = app.spent_token().await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("smtp://{}", socket.local_addr().unwrap());
    let app = app.restart(&smtp(&url)).await;
    app.reuse(&spent).await;
    app.left(1).await;

    let listener = socket.listen(16).unwrap().into_std().unwrap();
    listener.set_nonblocking(false).unwrap();
    let mut server = MailServer::on(listener);
    app.later(FIRST_PAUSE);

    assert_eq!(server.next().await.subject(), SUBJECT);
    app.left(0).await;
    assert_eq!(server.next_asked().await, ADA);
    server.assert_asked_no_more();
}

/// R17. The mail server says nothing, and while a mail is in its hands the service
/// crashes: a copy of the files of an open store is what that leaves. Whoever
/// presents the token is answered all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_notice_survives_a_crash_during_its_delivery() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let app = TestApp::start().await;
    let spent = app.spent_token().await;
    let url = format!("smtp://{}", silent.local_addr().unwrap());
    let crashing = app.restart(&smtp(&url)).await;
    crashing.reuse(&spent).await;
    let _connection = silent.accept().await.unwrap();
    let left_over = tempfile::tempdir().unwrap();
    for name in ["sekisho.db", "sekisho.db-wal"] {
        fs::copy(crashing.data.path().join(name), left_over.path().join(name)).unwrap();
    }

    let mut server = MailServer::start();
    let clock = ManualClock::at(crashing.clock.now());
    let app = TestApp::at(left_over, clock, &smtp(&server.url)).await;
    app.later(LEASE);

    assert_eq!(server.next().await.subject(), SUBJECT);
    app.left(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_waits_is_delivered_after_a_restart() {
    let (app, mut server, spent) = signed_up().await;
    server.set(Mood::Refuse(451));
    app.reuse(&spent).await;
    app.left(1).await;
    let (data, clock) = app.stop().await;
    server.set(Mood::Take);
    clock.advance(Duration::from_secs(FIRST_PAUSE));
    let app = TestApp::at(data, clock, &smtp(&server.url)).await;
    assert_eq!(server.next().await.subject(), SUBJECT);
    app.left(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_in_flight_is_finished_before_a_stop() {
    let (app, mut server, spent) = signed_up().await;
    server.set(Mood::Hold);
    app.reuse(&spent).await;
    assert_eq!(server.next_asked().await, ADA);
    let listen = app.app.listen;
    let stopping = tokio::spawn(app.stop());
    eventually(async || TcpStream::connect(listen).await.is_err()).await;
    server.set(Mood::Take);
    let (data, clock) = stopping.await.unwrap();
    assert_eq!(server.next().await.subject(), SUBJECT);
    assert_eq!(TestApp::at(data, clock, &[]).await.backlog().await, (0, 0));
}

/// As after a new version that was taken back.
#[tokio::test(flavor = "multi_thread")]
async fn a_notice_of_a_later_version_is_left_and_holds_up_no_other() {
    let (app, mut server, spent) = signed_up().await;
    app.sql(
        "INSERT INTO outbox (kind, recipient, locale, parameters, created_at, attempts, next_attempt_at) \
         VALUES ('of_tomorrow', 'ada@example.com', 'en', '{}', 0, 0, 0)",
    )
    .await;
    app.reuse(&spent).await;
    assert_eq!(server.next().await.subject(), SUBJECT);
    eventually(async || app.backlog().await == (1, 1)).await;
}

/// R73.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_notice_names_nobody() {
    let mut server = MailServer::start();
    let folder = tempfile::tempdir().unwrap();
    let mut settings = serve_settings(folder.path());
    settings.extend([("SEKISHO_SMTP_URL", server.url.clone())]);
    run(folder.path(), &["migrate"], &settings).await;
    let service = Service::start(folder.path(), &["serve"], &settings).await;
    let body = json!({"email": ADA, "password": PASSWORD, "client_id": CLIENT});
    assert_eq!(service.post("/api/v1/auth/signup/send-code", body).await.status, 200);
    let body = json!({"email": ADA, "code": server.next().await.code(), "client_id": CLIENT});
    let signed_up = service.post("/api/v1/auth/signup/verify-code", body).await;
    let first = signed_up.body["refresh_token"].as_str().unwrap();
    let refresh = async |token: &str| {
        service.post("/api/v1/auth/refresh", json!({"refresh_token": token, "client_id": CLIENT})).await
    };
    let second = refresh(first).await.refresh_token();
    refresh(&second).await.refresh_token();
    server.set(Mood::Refuse(550));

    refresh(first).await.refused(401, "refresh_token_reused");

    let given_up = async || count(&service.ops("/metrics").await.text().await.unwrap(), "given_up") == 1;
    eventually(given_up).await;
    service.signal(Signal::TERM);
    let ended = service.ended().await;
    assert!(ended.stderr.contains("a notice was given up"), "{}", ended.stderr);
    assert!(ended.stderr.contains("the mail server replied 550"), "{}", ended.stderr);
    assert!(!ended.stderr.contains(ADA), "{}", ended.stderr);
}
