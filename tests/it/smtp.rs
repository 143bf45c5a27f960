//! Mails as a real SMTP server receives them.

use std::{
    io,
    net::{IpAddr, TcpListener},
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

use mail_parser::{Message, MessageParser, MimeHeaders};
use mailin_embedded::{Handler, Response, Server, SslConfig, response};
use sekisho::{
    domain::locale::Locale,
    mail::{Mailer, smtp::Smtp, templates},
};
use serde_json::json;

use crate::support::{TestApp, app::PASSWORD};

/// One mail as it came over the wire.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Received {
    /// The sender of the envelope.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// The message, without dot-stuffing.
    pub message: Vec<u8>,
}

/// A mail server on a free port of this host, for as long as the process lives.
pub struct MailServer {
    /// What `SEKISHO_SMTP_URL` is set to.
    pub url: String,
    received: Receiver<Received>,
}

impl MailServer {
    /// Starts a server that takes every mail.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let (sender, received) = channel();
        let mut server = Server::new(Session { sender, mail: Received::default() });
        server.with_name("mx.example.com").with_ssl(SslConfig::None).unwrap();
        server.with_tcp_listener(listener);
        thread::spawn(move || server.serve().unwrap());
        Self { url, received }
    }

    /// The next mail, in the order of arrival.
    pub fn next(&self) -> Received {
        self.received.recv_timeout(Duration::from_secs(10)).expect("no mail within 10 s")
    }
}

#[derive(Clone)]
struct Session {
    sender: Sender<Received>,
    mail: Received,
}

impl Handler for Session {
    fn mail(&mut self, _: IpAddr, _: &str, from: &str) -> Response {
        self.mail = Received { from: from.to_owned(), ..Received::default() };
        response::OK
    }

    fn rcpt(&mut self, to: &str) -> Response {
        self.mail.to.push(to.to_owned());
        response::OK
    }

    fn data(&mut self, line: &[u8]) -> io::Result<()> {
        self.mail.message.extend_from_slice(line);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        self.sender.send(self.mail.clone()).unwrap();
        response::OK
    }
}

async fn arrives(smtp: &Smtp, server: &MailServer, message: &templates::Message, locale: Locale) {
    let sent = templates::compose("taro@example.jp", message, locale);
    smtp.deliver(&sent).await.unwrap();

    let received = server.next();
    assert_eq!(received.from, "no-reply@sekisho.example");
    assert_eq!(received.to, ["taro@example.jp"]);
    assert!(received.message.is_ascii(), "8-bit text needs a server that takes it");

    let parsed = MessageParser::default().parse(&received.message).unwrap();
    let lines = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
    assert_eq!(parsed.subject(), Some(sent.subject.as_str()));
    assert_eq!(lines(&parsed.body_text(0).unwrap()), lines(&sent.text));
    assert_eq!(lines(&parsed.body_html(0).unwrap()), lines(&sent.html));
    assert!(is_alternative(&parsed));
    assert!(parsed.message_id().is_some() && parsed.date().is_some());
    let from = parsed.from().unwrap().first().unwrap();
    assert_eq!(from.name(), Some("関所"));
}

fn is_alternative(message: &Message<'_>) -> bool {
    let kind = message.content_type();
    kind.is_some_and(|kind| kind.ctype() == "multipart" && kind.subtype() == Some("alternative"))
}

#[tokio::test]
async fn every_mail_arrives_whole_in_every_language() {
    let server = MailServer::start();
    let smtp = Smtp::from_url(&server.url, "関所 <no-reply@sekisho.example>").unwrap();
    let messages = [
        templates::Message::SignupCode { code: "048213".into(), minutes: 15 },
        templates::Message::AlreadyRegistered,
        templates::Message::SessionEnded {
            at: "2026-01-02T03:04:05Z".into(),
            device: ".太郎の<端末>".into(),
            address: "2001:db8::1".into(),
        },
    ];
    for message in &messages {
        for locale in Locale::ALL {
            arrives(&smtp, &server, message, locale).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_came_by_mail_makes_an_account() {
    let server = MailServer::start();
    let app = TestApp::with(&[("SEKISHO_SMTP_URL", &server.url), ("SEKISHO_MAIL_FROM", "auth@example.com")]).await;
    let body = json!({"email": "ada@example.com", "password": PASSWORD, "client_id": "laptop"});
    assert_eq!(app.post("/api/v1/auth/signup/send-code", body).await.status, 200);

    let received = tokio::task::spawn_blocking(move || server.next()).await.unwrap();
    assert_eq!((received.from.as_str(), received.to), ("auth@example.com", vec!["ada@example.com".to_owned()]));
    let message = MessageParser::default().parse(&received.message).unwrap();
    let text = message.body_text(0).unwrap();
    let code = text.lines().map(str::trim).find(|line| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit()));
    let body = json!({"email": "ada@example.com", "code": code.expect("a code"), "client_id": "laptop"});
    assert_eq!(app.post("/api/v1/auth/signup/verify-code", body).await.status, 201);
}
