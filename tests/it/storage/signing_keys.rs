//! The contract of [`sekisho::storage::SigningKeys`].

use std::time::Duration;

use sekisho::{
    domain::Timestamp,
    storage::{Stores, signing_keys::SealedKey},
};

use super::{
    data::{MICRO, NOW, after},
    race::{CALLERS, count, race},
};

/// Before every key.
const NEVER: Timestamp = Timestamp::from_micros(i64::MIN);
/// After every key.
const EVER: Timestamp = Timestamp::from_micros(i64::MAX);

/// A key that signs from then on.
fn key(kid: &str, active_at: Timestamp) -> SealedKey {
    SealedKey {
        kid: kid.into(),
        alg: "ES256".into(),
        public_jwk: format!(r#"{{"kty":"EC","kid":"{kid}"}}"#),
        sealed: vec![0, 255, 1, 0, 7],
        created_at: NOW + MICRO,
        active_at,
    }
}

async fn insert(stores: &Stores, key: &SealedKey, unless_after: Timestamp) -> bool {
    stores.signing_keys.insert(key, unless_after).await.unwrap()
}

async fn list(stores: &Stores) -> Vec<SealedKey> {
    stores.signing_keys.list().await.unwrap()
}

/// Keys `a`, `b` and `c`, of which `b` is active first.
async fn three(stores: &Stores) -> [SealedKey; 3] {
    let keys = [key("a", after(20)), key("b", after(10)), key("c", after(30))];
    for key in &keys {
        assert!(insert(stores, key, EVER).await);
    }
    keys
}

pub async fn keys_come_whole_and_by_active_at(stores: Stores) {
    assert_eq!(list(&stores).await, []);
    let [a, b, c] = three(&stores).await;
    assert_eq!(list(&stores).await, [b, a, c]);
}

pub async fn a_key_is_added_unless_a_later_one_is_there(stores: Stores) {
    let first = key("a", after(10));
    assert!(insert(&stores, &first, NEVER).await, "there is none at all");
    let second = key("b", after(20));
    assert!(!insert(&stores, &second, NEVER).await);
    assert!(!insert(&stores, &second, NOW + (Duration::from_secs(10) - MICRO)).await);
    assert_eq!(list(&stores).await, std::slice::from_ref(&first));
    assert!(insert(&stores, &second, after(10)).await, "one as late is not later");
    assert_eq!(list(&stores).await, [first, second]);
}

pub async fn of_many_first_keys_one_is_added(stores: Stores) {
    let answers = race(|n| {
        let stores = stores.clone();
        async move { insert(&stores, &key(&n.to_string(), after(n as u64)), NEVER).await }
    })
    .await;
    assert_eq!((count(&answers, &true), count(&answers, &false)), (1, CALLERS - 1));
    assert_eq!(list(&stores).await.len(), 1);
}

pub async fn of_many_successors_one_is_added(stores: Stores) {
    assert!(insert(&stores, &key("first", NOW), NEVER).await);
    let answers = race(|n| {
        let stores = stores.clone();
        async move { insert(&stores, &key(&n.to_string(), after(600)), NOW).await }
    })
    .await;
    assert_eq!(count(&answers, &true), 1);
    assert_eq!(list(&stores).await.len(), 2);
}

pub async fn keys_are_removed_by_id(stores: Stores) {
    let [a, b, c] = three(&stores).await;
    stores.signing_keys.remove(&[]).await.unwrap();
    stores.signing_keys.remove(&["d".into()]).await.unwrap();
    assert_eq!(list(&stores).await, [b.clone(), a, c]);
    stores.signing_keys.remove(&["a".into(), "d".into(), "c".into()]).await.unwrap();
    assert_eq!(list(&stores).await, [b]);
}

pub async fn a_key_is_sealed_anew_once(stores: Stores) {
    let [a, b, _] = three(&stores).await;
    stores.signing_keys.reseal("a", &a.sealed, b"new").await.unwrap();
    stores.signing_keys.reseal("a", &a.sealed, b"newer").await.unwrap();
    let listed = list(&stores).await;
    assert_eq!((&listed[0], &listed[1]), (&b, &SealedKey { sealed: b"new".to_vec(), ..a }));
}
