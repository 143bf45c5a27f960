//! The release before beside this one, on one store. `SEKISHO_TEST_PREVIOUS` is the path of
//! its binary; `tests/upgrade.sh` builds it. Without it this release plays both parts: what
//! is begun at one replica then goes on at another of the same release.

use sekisho::proto::sekisho::v1::{IssueServiceTokenRequest, token_service_client::TokenServiceClient};

use tonic::transport::Channel;

use super::{Caller, Progress, Scene, person::Person, replicas::Replicas};
use crate::support::{
    mail_server::{MailServer, Mailboxes},
    pair::on_shared_stacks,
    process::binary,
    servers::new_postgres_database,
    stack::Stack,
};

/// Of the mail about a password that was changed.
const NOTICE: &str = "password was changed";
/// The port of discard: nobody listens.
const NOWHERE: &str = "smtp://127.0.0.1:9";

fn previous() -> String {
    let set = std::env::vars().find(|(name, _)| name == "SEKISHO_TEST_PREVIOUS");
    set.map_or_else(|| binary().to_owned(), |(_, path)| path)
}

/// A database as the release before leaves it, and no replica yet.
async fn as_before(stack: Stack, smtp: String) -> Replicas {
    let database = new_postgres_database().await;
    let settings = vec![("SEKISHO_SMTP_URL", smtp), ("SEKISHO_DATABASE_URL", database)];
    let replicas = Replicas::prepare(stack, settings).await;
    replicas.command_of(&previous(), &["migrate"]).await;
    replicas
}

on_shared_stacks! {
    nobody_notices_an_upgrade_or_the_way_back
    what_is_begun_at_one_release_goes_on_at_the_other
    notices_of_one_release_are_sent_by_the_other
}

/// X24.
async fn nobody_notices_an_upgrade_or_the_way_back(stack: Stack) {
    let (post, smtp) = MailServer::start().into_mailboxes();
    let mut replicas = as_before(stack, smtp).await;
    for which in 0..3 {
        replicas.run(which, &previous(), &[]).await;
    }
    replicas.give_commands_to(&previous());
    let mut scene = Scene::around(replicas, post, Vec::new()).await;
    scene
        .meanwhile(async |replicas: &mut Replicas, progress: &Progress| {
            progress.acts(20).await;
            replicas.give_commands_to(binary());
            replicas.command(&["migrate"]).await;
            progress.acts(20).await;
            for binary in [binary(), &previous(), binary()] {
                replicas.roll_to(binary, progress).await;
            }
        })
        .await;
    scene.replicas.command(&["audit", "verify"]).await;
}

/// Two replicas, one of each release, and a way to each.
async fn one_of_each(stack: Stack) -> (Replicas, [Caller; 2], std::sync::Arc<Mailboxes>) {
    let (post, smtp) = MailServer::start().into_mailboxes();
    let mut replicas = as_before(stack, smtp).await;
    replicas.command(&["migrate"]).await;
    replicas.run(0, &previous(), &[]).await;
    replicas.run(1, binary(), &[]).await;
    let endpoints = replicas.endpoints();
    let callers = [0, 1].map(|which| Caller::of(&endpoints[which..=which]));
    (replicas, callers, post)
}

async fn what_is_begun_at_one_release_goes_on_at_the_other(stack: Stack) {
    let (replicas, callers, post) = one_of_each(stack).await;
    for first in [0, 1] {
        let [one, other] = [&callers[first], &callers[1 - first]];
        let mut ada = Person::begin(one, format!("ada-{first}@example.com")).await;
        ada.finish(other, &post).await;
        for caller in [one, other, one, other] {
            ada.refresh(caller).await;
        }
        ada.log_out(one).await;
        ada.stays_out(other).await;
        ada.log_in(other).await;
        ada.change_password(one).await;
        ada.refresh(other).await;
        ada.begin_reset(one).await;
        let token = ada.prove_reset(other, &post).await;
        ada.finish_reset(one, token).await;
        ada.stays_out(other).await;
        ada.log_in(other).await;
    }
    let secret = replicas.command(&["service", "create", "orders", "--scope", "revocations:read"]).await;
    for caller in &callers {
        let request =
            IssueServiceTokenRequest { client_id: "orders".to_owned(), client_secret: secret.clone(), scope: None };
        let send = |channel: Channel, request| async move {
            TokenServiceClient::new(channel).issue_service_token(request).await
        };
        caller.ask("", request, send).await.unwrap();
    }
    replicas.command(&["audit", "verify"]).await;
}

async fn notices_of_one_release_are_sent_by_the_other(stack: Stack) {
    let (mut replicas, callers, post) = one_of_each(stack).await;
    for maker in [0, 1] {
        let sender = 1 - maker;
        let email = format!("ada-{maker}@example.com");
        let mut ada = Person::begin(&callers[sender], email.clone()).await;
        ada.finish(&callers[sender], &post).await;
        let release = if maker == 0 { previous() } else { binary().to_owned() };
        replicas.stop(maker).await;
        replicas.run(maker, &release, &[("SEKISHO_SMTP_URL", NOWHERE.to_owned())]).await;
        ada.change_password(&callers[maker]).await;
        // Else it would go on trying, and in vain.
        replicas.stop(maker).await;
        post.nth(&email, NOTICE, 1).await;
        replicas.run(maker, &release, &[]).await;
    }
}
