//! TLS to the mail server.

use sekisho::{
    domain::locale::Locale,
    mail::{Cause, MailError, Mailer, smtp::Smtp, templates},
};
use serde_json::json;

use crate::{
    support::{
        acts::ADA,
        app::PASSWORD,
        eventually,
        mail_server::MailServer,
        process::{Service, dev_settings},
    },
    transport::authority::{Authority, Files},
};

/// A server with a certificate for `localhost`.
fn server(authority: &Authority) -> (MailServer, Files) {
    let files = Files::of(&authority.issue(&["localhost"]));
    (MailServer::with_tls(&files.path("tls.crt"), &files.path("tls.key")), files)
}

async fn deliver(url: &str) -> Result<(), MailError> {
    let message = templates::Message::SignupCode { code: "048213".into(), minutes: 15 };
    let smtp = Smtp::from_url(url, "no-reply@example.com").unwrap();
    smtp.deliver(&templates::compose(ADA, &message, Locale::default())).await
}

/// R65. There is no way back to a connection that anybody can read.
#[tokio::test(flavor = "multi_thread")]
async fn without_tls_that_is_required_nothing_is_sent() {
    let mut plain = MailServer::start();
    deliver(&format!("{}?tls=required", plain.url)).await.unwrap_err();
    let answer = deliver(&plain.url.replace("smtp://", "smtps://")).await;
    assert_eq!(answer, Err(MailError::Transient(Cause::Tls)));
    plain.assert_asked_no_more();
    deliver(&plain.url).await.expect("where none is asked for");
}

/// R65.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_somebody_else_will_not_do() {
    let (mut strange, _files) = server(&Authority::new("ours"));
    let url = strange.url.replace("127.0.0.1", "localhost");
    for tls in ["required", "opportunistic"] {
        let answer = deliver(&format!("{url}?tls={tls}")).await;
        assert_eq!(answer, Err(MailError::Transient(Cause::Tls)), "{tls}");
    }
    strange.assert_asked_no_more();
}

/// R65. The authority is one that the system trusts.
#[tokio::test(flavor = "multi_thread")]
async fn only_the_right_server_of_a_trusted_authority_is_given_a_mail() {
    let authority = Authority::new("ours");
    let (mut server, files) = server(&authority);
    let trusted = files.write("ca.pem", &authority.pem()).display().to_string();
    for (host, is_right) in [("127.0.0.1", false), ("localhost", true)] {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = dev_settings();
        settings.push(("SSL_CERT_FILE", trusted.clone()));
        settings.push(("SEKISHO_SMTP_URL", format!("{}?tls=required", server.url.replace("127.0.0.1", host))));
        settings.push(("SEKISHO_MAIL_FROM", "no-reply@example.com".into()));
        let service = Service::start(folder.path(), &["dev"], &settings).await;
        let body = json!({"email": ADA, "password": PASSWORD, "client_id": "laptop"});
        assert_eq!(service.post("/api/v1/auth/signup/send-code", body).await.status, 200);
        if is_right {
            assert_eq!(server.next().await.to, [ADA]);
        } else {
            let retried = "sekisho_mails_total{kind=\"retried\"} 1";
            eventually(async || service.ops("/metrics").await.text().await.unwrap().contains(retried)).await;
            server.assert_asked_no_more();
        }
        service.kill().await;
    }
}
