//! The contract of [`sekisho::storage::ServiceAccounts`].

use sekisho::{
    domain::{
        EventKind, ServiceAccount,
        service::{Scopes, ServiceId, ServiceName, StoredSecret},
    },
    storage::Stores,
};
use uuid::Uuid;

use super::{
    data::{NOW, audit_kinds, event},
    race::race,
};

fn name(text: &str) -> ServiceName {
    ServiceName::parse(text).unwrap()
}

fn secret(n: u8) -> StoredSecret {
    StoredSecret { key_id: [n; 4], digest: [n; 32] }
}

pub fn account(n: u128, text: &str) -> ServiceAccount {
    ServiceAccount {
        id: ServiceId(Uuid::from_u128(n)),
        name: name(text),
        scopes: Scopes::parse("orders:read orders:write").unwrap(),
        secret: secret(1),
        disabled: false,
        created_at: NOW,
    }
}

pub async fn create(stores: &Stores, account: &ServiceAccount) -> bool {
    stores.service_accounts.create(account, &event(EventKind::ServiceCreated)).await.unwrap()
}

async fn by_name(stores: &Stores, text: &str) -> Option<ServiceAccount> {
    stores.service_accounts.by_name(&name(text)).await.unwrap()
}

pub async fn an_account_is_found_whole_by_its_name(stores: Stores) {
    assert!(create(&stores, &account(1, "orders")).await);
    assert_eq!(by_name(&stores, "orders").await, Some(account(1, "orders")));
    assert_eq!(by_name(&stores, "order").await, None);
    assert_eq!(audit_kinds(&stores).await, ["service_created"]);
}

pub async fn a_taken_name_changes_nothing(stores: Stores) {
    create(&stores, &account(1, "orders")).await;
    assert!(!create(&stores, &account(2, "orders")).await);
    assert_eq!(by_name(&stores, "orders").await, Some(account(1, "orders")));
    assert_eq!(audit_kinds(&stores).await, ["service_created"]);
}

pub async fn of_many_accounts_of_one_name_one_is_made(stores: Stores) {
    let made = race(|n| {
        let stores = stores.clone();
        async move { create(&stores, &account(n as u128, "orders")).await }
    })
    .await;
    assert_eq!(made.iter().filter(|made| **made).count(), 1);
    assert_eq!(stores.service_accounts.list().await.unwrap().len(), 1);
}

pub async fn accounts_are_listed_by_name(stores: Stores) {
    for (n, text) in [(1, "stock"), (2, "billing"), (3, "orders")] {
        create(&stores, &account(n, text)).await;
    }
    let listed = stores.service_accounts.list().await.unwrap();
    assert_eq!(listed, [account(2, "billing"), account(3, "orders"), account(1, "stock")]);
}

pub async fn a_disabled_account_stays_and_says_so(stores: Stores) {
    create(&stores, &account(1, "orders")).await;
    create(&stores, &account(2, "stock")).await;
    stores.service_accounts.disable(account(1, "orders").id).await.unwrap();
    assert_eq!(by_name(&stores, "orders").await, Some(ServiceAccount { disabled: true, ..account(1, "orders") }));
    assert_eq!(by_name(&stores, "stock").await, Some(account(2, "stock")));
}

pub async fn a_new_secret_takes_the_place_of_the_old_with_its_event(stores: Stores) {
    create(&stores, &account(1, "orders")).await;
    let rotated = event(EventKind::ServiceRotated);
    stores.service_accounts.rotate(account(1, "orders").id, &secret(2), &rotated).await.unwrap();
    assert_eq!(by_name(&stores, "orders").await.unwrap().secret, secret(2));
    assert_eq!(audit_kinds(&stores).await, ["service_created", "service_rotated"]);
}

pub async fn a_secret_is_stored_otherwise_unless_it_is_another_by_now(stores: Stores) {
    create(&stores, &account(1, "orders")).await;
    let id = account(1, "orders").id;
    stores.service_accounts.rekey(id, &secret(1), &secret(2)).await.unwrap();
    stores.service_accounts.rekey(id, &secret(1), &secret(3)).await.unwrap();
    assert_eq!(by_name(&stores, "orders").await.unwrap().secret, secret(2));
}
