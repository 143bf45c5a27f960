//! The contract of [`sekisho::storage::ServiceIdentities`].

use sekisho::{
    domain::{EventKind, ServiceAccount, SpiffeId},
    storage::Stores,
};

use super::{
    data::{audit_kinds, event},
    race::race,
    service_accounts::{account, create},
};

fn id(name: &str) -> SpiffeId {
    SpiffeId::parse(&format!("spiffe://example.org/{name}")).unwrap()
}

async fn accounts(stores: &Stores) -> [ServiceAccount; 2] {
    let accounts = [account(1, "orders"), account(2, "stock")];
    for account in &accounts {
        assert!(create(stores, account).await);
    }
    accounts
}

async fn add(stores: &Stores, account: &ServiceAccount, id: &SpiffeId) -> bool {
    stores.service_identities.add(account.id, id, &event(EventKind::ServiceIdentityAdded)).await.unwrap()
}

async fn owner(stores: &Stores, id: &SpiffeId) -> Option<ServiceAccount> {
    stores.service_identities.owner(id).await.unwrap()
}

pub async fn a_name_finds_its_service_whole(stores: Stores) {
    let [orders, stock] = accounts(&stores).await;
    assert_eq!(owner(&stores, &id("orders")).await, None);
    assert!(add(&stores, &orders, &id("orders")).await);
    assert!(add(&stores, &orders, &id("orders-2")).await);
    assert!(add(&stores, &stock, &id("stock")).await);
    assert_eq!(owner(&stores, &id("orders")).await, Some(orders.clone()));
    assert_eq!(owner(&stores, &id("orders-2")).await, Some(orders.clone()));
    assert_eq!(owner(&stores, &id("stock")).await, Some(stock));
    stores.service_accounts.disable(orders.id).await.unwrap();
    assert_eq!(owner(&stores, &id("orders")).await, Some(ServiceAccount { disabled: true, ..orders }));
}

pub async fn a_name_is_of_one_service(stores: Stores) {
    let [orders, stock] = accounts(&stores).await;
    assert!(add(&stores, &orders, &id("orders")).await);
    assert!(!add(&stores, &stock, &id("orders")).await);
    assert!(!add(&stores, &orders, &id("orders")).await);
    assert_eq!(owner(&stores, &id("orders")).await, Some(orders));
    let added = audit_kinds(&stores).await.into_iter().filter(|kind| kind == "service_identity_added").count();
    assert_eq!(added, 1);
}

pub async fn of_many_services_one_gets_a_name(stores: Stores) {
    let accounts = accounts(&stores).await;
    let added = race(|n| {
        let (stores, account) = (stores.clone(), accounts[n % 2].clone());
        async move { add(&stores, &account, &id("orders")).await }
    })
    .await;
    assert_eq!(added.iter().filter(|added| **added).count(), 1);
}

pub async fn a_name_is_taken_from_its_service_only(stores: Stores) {
    let [orders, stock] = accounts(&stores).await;
    add(&stores, &orders, &id("orders")).await;
    let remove = async |account: &ServiceAccount| {
        let event = event(EventKind::ServiceIdentityRemoved);
        stores.service_identities.remove(account.id, &id("orders"), &event).await.unwrap()
    };
    assert!(!remove(&stock).await);
    assert_eq!(owner(&stores, &id("orders")).await, Some(orders.clone()));
    assert!(remove(&orders).await);
    assert!(!remove(&orders).await);
    let removed = audit_kinds(&stores).await.into_iter().filter(|kind| kind == "service_identity_removed").count();
    assert_eq!(removed, 1);
    assert_eq!(owner(&stores, &id("orders")).await, None);
    assert!(add(&stores, &stock, &id("orders")).await, "it can go to another");
    assert_eq!(owner(&stores, &id("orders")).await, Some(stock));
}

pub async fn names_are_listed_in_order(stores: Stores) {
    let [orders, stock] = accounts(&stores).await;
    for (account, name) in [(&stock, "c"), (&orders, "b"), (&orders, "a")] {
        add(&stores, account, &id(name)).await;
    }
    let listed = stores.service_identities.identities().await.unwrap();
    assert_eq!(listed, [(orders.id, id("a")), (orders.id, id("b")), (stock.id, id("c"))]);
}
