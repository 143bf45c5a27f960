//! Mails as a real SMTP server receives them.

mod tls;

use mail_parser::{Message, MessageParser, MimeHeaders};
use sekisho::{
    domain::locale::Locale,
    mail::{Mailer, smtp::Smtp, templates},
};
use serde_json::json;

use crate::support::{TestApp, app::PASSWORD, mail_server::MailServer};

async fn arrives(smtp: &Smtp, server: &mut MailServer, message: &templates::Message, locale: Locale) {
    let sent = templates::compose("taro@example.jp", message, locale);
    smtp.deliver(&sent).await.unwrap();

    let received = server.next().await;
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
    let mut server = MailServer::start();
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
            arrives(&smtp, &mut server, message, locale).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_came_by_mail_makes_an_account() {
    let mut server = MailServer::start();
    let app = TestApp::with(&[("SEKISHO_SMTP_URL", &server.url), ("SEKISHO_MAIL_FROM", "auth@example.com")]).await;
    let body = json!({"email": "ada@example.com", "password": PASSWORD, "client_id": "laptop"});
    assert_eq!(app.post("/api/v1/auth/signup/send-code", body).await.status, 200);

    let received = server.next().await;
    assert_eq!(received.from, "auth@example.com");
    assert_eq!(received.to, ["ada@example.com"]);
    let body = json!({"email": "ada@example.com", "code": received.code(), "client_id": "laptop"});
    assert_eq!(app.post("/api/v1/auth/signup/verify-code", body).await.status, 201);
}
