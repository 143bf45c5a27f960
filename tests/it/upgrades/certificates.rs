//! The certificate of the service is replaced while people go on, by one of another authority.

use super::{Replicas, Scene};
use crate::{
    support::{eventually, mail_server::MailServer, pair::on_shared_stacks, stack::Stack},
    transport::{
        authority::{Authority, Files},
        client::{Client, HOST},
    },
};

on_shared_stacks! { nobody_notices_another_certificate }

/// That all of them show one of this authority to whoever comes.
async fn are_known_by(authority: &Authority, replicas: &Replicas) {
    for listener in replicas.listeners() {
        eventually(async || Client::of(authority).get(listener, "/.well-known/jwks.json").await.is_ok()).await;
    }
}

/// Connections end all the time, so that each certificate is met.
async fn nobody_notices_another_certificate(stack: Stack) {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let files = Files::of(&old.issue(&[HOST]));
    let (post, smtp) = MailServer::start().into_mailboxes();
    let mut settings = vec![("SEKISHO_SMTP_URL", smtp), ("SEKISHO_CONNECTION_MAX_AGE", "1".to_owned())];
    settings.extend(files.settings());
    let replicas = Replicas::prepare(stack, settings).await.trusted_by([old.pem(), new.pem()]);
    let mut scene = Scene::around(replicas.started().await, post, Vec::new()).await;
    scene
        .meanwhile(async |replicas, progress| {
            for authority in [&new, &old] {
                progress.acts(20).await;
                files.put(&authority.issue(&[HOST]));
                are_known_by(authority, replicas).await;
                progress.acts(40).await;
            }
        })
        .await;
}
