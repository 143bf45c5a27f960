//! `SEKISHO_SECRET` is replaced, in the steps of `docs/operations/rotation.md`: first all
//! replicas know the new one, then they use it, and in the end the old one goes.

use super::{Scene, Sibling};
use crate::support::{app::SECRET, pair::on_shared_stacks, stack::Stack};

const NEW: &str = "bmV3LS1zZWNyZXQtbmV3LS1zZWNyZXQtbmV3LS0wMDI=";

on_shared_stacks! { nobody_notices_another_secret }

/// R10.
async fn nobody_notices_another_secret(stack: Stack) {
    let mut scene = Scene::on(stack, &[]).await;
    let [secret, unused] = [scene.replicas.make_service("orders").await, scene.replicas.make_service("idle").await];
    let mut people = scene
        .meanwhile(async |replicas, progress| {
            replicas.set([("SEKISHO_SECRET_PREVIOUS", NEW.to_owned())]);
            replicas.roll(progress).await;
            replicas.set([("SEKISHO_SECRET", NEW.to_owned()), ("SEKISHO_SECRET_PREVIOUS", SECRET.to_owned())]);
            replicas.roll(progress).await;
        })
        .await;
    // Everybody has signed in and used their session since, and this service has asked for a
    // token.
    let endpoints = scene.replicas.endpoints();
    Sibling::beside(&endpoints, "orders", &secret).await;

    let since = scene
        .meanwhile(async |replicas, progress| {
            replicas.unset("SEKISHO_SECRET_PREVIOUS");
            replicas.roll(progress).await;
        })
        .await;
    people.extend(since);
    for person in &mut people {
        person.was_told_the_truth(&scene.town).await;
    }
    Sibling::beside(&endpoints, "orders", &secret).await;
    let refused = Sibling::ask_for_a_token(&endpoints, "idle", &unused).await.unwrap_err();
    assert_eq!(refused, "INVALID_CREDENTIALS");
    let renewed = scene.replicas.command(&["service", "rotate", "idle"]).await;
    Sibling::ask_for_a_token(&endpoints, "idle", &renewed).await.unwrap();
    scene.replicas.command(&["audit", "verify"]).await;
}
