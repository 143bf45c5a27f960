//! The keys of access tokens are replaced while people refresh and siblings verify.

use aws_lc_rs::hmac;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use sekisho_interceptor::VerifyingKey;

use super::Scene;
use crate::support::{pair::on_shared_stacks, stack::Stack};

const OLD: &str = "b2xkLS1zaGFyZWQta2V5LW9sZC0tc2hhcmVkLWtleS0wMDE=";
const NEW: &str = "bmV3LS1zaGFyZWQta2V5LW5ldy0tc2hhcmVkLWtleS0wMDI=";
const KEY: &str = "SEKISHO_JWT_SECRET_KEY";
const OTHER: &str = "SEKISHO_JWT_SECRET_KEY_PREVIOUS";

on_shared_stacks! {
    nobody_notices_a_rotation
    nobody_notices_another_algorithm
    nobody_notices_another_shared_key
}

/// R57. From the command to the first token of the new key it is ten minutes: the time
/// moves in `keys::under_load`.
async fn nobody_notices_a_rotation(stack: Stack) {
    for algorithm in ["EdDSA", "ES256", "RS256"] {
        let mut scene = Scene::on(stack, &[("SEKISHO_JWT_ALG", algorithm.to_owned())]).await;
        scene
            .meanwhile(async |replicas, progress| {
                progress.acts(20).await;
                let rotated = replicas.command(&["keys", "rotate"]).await;
                assert!(rotated.contains(" signs from "), "{rotated}");
                progress.acts(20).await;
                replicas.roll(progress).await;
                let listed = replicas.command(&["keys", "list"]).await;
                assert!(listed.contains(" active") && listed.contains(" published"), "{listed}");
            })
            .await;
    }
}

/// The replicas do not agree on it for a while.
async fn nobody_notices_another_algorithm(stack: Stack) {
    let mut scene = Scene::on(stack, &[]).await;
    scene
        .meanwhile(async |replicas, progress| {
            replicas.set([("SEKISHO_JWT_ALG", "ES256".to_owned())]);
            replicas.roll(progress).await;
        })
        .await;
}

/// The id of a shared key, as the replicas name it in their tokens.
fn kid(key: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(key).unwrap());
    URL_SAFE_NO_PAD.encode(&hmac::sign(&key, b"sekisho/v1 kid").as_ref()[..12])
}

/// HS256: siblings are given the new key, then the replicas know it, use it, and forget the
/// old one. Nobody uses a token of the old one for longer than it lives.
async fn nobody_notices_another_shared_key(stack: Stack) {
    let settings = [("SEKISHO_JWT_ALG", "HS256".to_owned()), (KEY, OLD.to_owned())];
    let keys = [OLD, NEW].map(|key| VerifyingKey::hs256(kid(key), &STANDARD.decode(key).unwrap()).unwrap());
    let mut scene = Scene::with_keys(stack, &settings, keys.into()).await;
    scene
        .meanwhile(async |replicas, progress| {
            replicas.set([(OTHER, NEW.to_owned())]);
            replicas.roll(progress).await;
            replicas.set([(KEY, NEW.to_owned()), (OTHER, OLD.to_owned())]);
            replicas.roll(progress).await;
        })
        .await;
    scene
        .meanwhile(async |replicas, progress| {
            replicas.unset(OTHER);
            replicas.roll(progress).await;
        })
        .await;
}
