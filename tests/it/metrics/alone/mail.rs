//! Mails and notices that wait.

use tokio::net::TcpSocket;

use crate::support::{
    TestApp,
    acts::ADA,
    eventually,
    mail_server::{MailServer, Mood},
};

const OLDEST: &str = "sekisho_notices_oldest_seconds";
const WAITING: &str = "sekisho_notices_waiting";

fn smtp(url: &str) -> [(&str, &str); 2] {
    [("SEKISHO_SMTP_URL", url), ("SEKISHO_MAIL_FROM", "no-reply@example.com")]
}

/// An SMTP server that is away, at an address that is taken.
fn nobody() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("smtp://{}", socket.local_addr().unwrap());
    (socket, url)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_cannot_leave_grows_old() {
    let app = TestApp::start().await;
    let first = app.ada().await.refresh;
    let second = app.refreshed(&first, "laptop").await;
    app.refreshed(&second, "laptop").await;
    let (_socket, url) = nobody();
    let app = app.restart(&smtp(&url)).await;
    assert_eq!((app.metric(WAITING).await, app.metric(OLDEST).await), (0.0, 0.0));

    app.refresh(&first, "laptop").await.refused(401, "refresh_token_reused");
    eventually(async || app.metric(WAITING).await == 1.0).await;
    assert_eq!(app.metric(OLDEST).await, 0.0);
    let mut wanted = 0.0;
    for seconds in [100, 4_000_u32] {
        app.advance(seconds.into());
        wanted += f64::from(seconds);
        app.app.ctx.notices.notify_one();
        eventually(async || app.metric(OLDEST).await == wanted).await;
    }

    let server = MailServer::start();
    let app = app.restart(&smtp(&server.url)).await;
    app.advance(3_600);
    app.app.ctx.notices.notify_one();
    eventually(async || app.metric("sekisho_notices_total{kind=\"sent\"}").await == 1.0).await;
    eventually(async || (app.metric(WAITING).await, app.metric(OLDEST).await) == (0.0, 0.0)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_that_cannot_leave_wait_in_the_queue() {
    let mut server = MailServer::start();
    let app = TestApp::with(&smtp(&server.url)).await;
    assert_eq!(app.metric("sekisho_mail_queue").await, 0.0);
    server.set(Mood::Hold);
    for (number, email) in [ADA, "bob@example.com"].into_iter().enumerate() {
        assert_eq!(app.send_code(email, crate::support::app::PASSWORD, "laptop").await.status, 200);
        assert_eq!(server.next_asked().await, email);
        assert_eq!(app.metric("sekisho_mail_queue").await, f64::from(u32::try_from(number).unwrap() + 1));
    }
    server.set(Mood::Take);
    eventually(async || app.metric("sekisho_mail_queue").await == 0.0).await;
    assert_eq!(app.metric("sekisho_mails_total{kind=\"sent\"}").await, 2.0);
}
