//! The contract of [`sekisho::storage::AuditChain`], and sealing on it.

use std::sync::Arc;

use sekisho::{
    audit::{Sealer, verify},
    clock::ManualClock,
    crypto::{Secrets, secrets::Mac},
    domain::{Event, EventKind},
    storage::{
        Stores,
        audit_chain::{Chain, Link, Point, Seal},
    },
};

use super::{
    data::{MICRO, NOW, after, event, user_id},
    race::{CALLERS, count, race},
};

const START: Chain = Chain { begun_at: NOW, removed: point(0), last: point(0), settled: 0, seen: 0, horizon: 0 };

const fn point(number: u8) -> Point {
    Point { number: number as i64, hash: [number; 32] }
}

fn mac(n: u8) -> Mac {
    Mac { key_id: [n; 4], tag: [n; 32] }
}

fn seal(n: u8) -> Seal {
    Seal { at: after(n.into()) + MICRO, mac: mac(100 + n) }
}

/// So many events; their numbers.
async fn events(stores: &Stores, number: usize) -> Vec<i64> {
    stores.audit.record(&vec![event(EventKind::LoggedOut); number]).await.unwrap();
    stores.audit.list(0, 1_000).await.unwrap().iter().map(|row| row.seq).collect()
}

/// The chain with so many links, each sealed by itself; the numbers of their events.
async fn linked(stores: &Stores, number: u8) -> Vec<i64> {
    let events = events(stores, number.into()).await;
    assert!(stores.audit_chain.begin(&START, &mac(0)).await.unwrap());
    for n in 1..=number {
        let link = Link { point: point(n), seq: events[usize::from(n) - 1] };
        assert!(extend(stores, n - 1, n, &[link], Some(&seal(n))).await);
    }
    events
}

async fn extend(stores: &Stores, from: u8, to: u8, links: &[Link], seal: Option<&Seal>) -> bool {
    let chain = Chain { last: point(to), ..START };
    stores.audit_chain.extend(&mac(from), (&chain, &mac(to)), links, seal).await.unwrap()
}

pub async fn of_many_that_begin_a_chain_one_does(stores: Stores) {
    assert_eq!(stores.audit_chain.chain().await.unwrap(), None);
    let begun = race(|n| {
        let stores = stores.clone();
        let mac = mac(u8::try_from(n).unwrap());
        async move { stores.audit_chain.begin(&START, &mac).await.unwrap().then_some(mac) }
    })
    .await;
    assert_eq!(count(&begun, &None), CALLERS - 1);
    let winner = begun.into_iter().flatten().next().unwrap();
    assert_eq!(stores.audit_chain.chain().await.unwrap(), Some((START, winner)));
}

pub async fn a_chain_is_read_as_it_was_written(stores: Stores) {
    let store = &stores.audit_chain;
    let other = Chain {
        begun_at: NOW + MICRO,
        removed: point(3),
        last: point(200),
        settled: i64::MAX,
        seen: i64::MIN,
        horizon: 1 << 40,
    };
    store.begin(&START, &mac(0)).await.unwrap();
    assert!(store.extend(&mac(0), (&other, &mac(255)), &[], None).await.unwrap());
    assert_eq!(store.chain().await.unwrap(), Some((other, mac(255))));
}

pub async fn events_without_a_link_come_in_order_up_to_a_limit(stores: Stores) {
    let events = events(&stores, 5).await;
    let store = &stores.audit_chain;
    store.begin(&START, &mac(0)).await.unwrap();
    extend(&stores, 0, 1, &[Link { point: point(1), seq: events[2] }], None).await;
    let unsealed = |after, limit| {
        let store = store.clone();
        async move { store.unsealed(after, limit).await.unwrap().rows }
    };
    let all = stores.audit.list(0, 100).await.unwrap();
    let rows = unsealed(0, 100).await;
    assert_eq!(rows, [&all[..2], &all[3..]].concat());
    assert_eq!(unsealed(0, 2).await, rows[..2]);
    assert_eq!(unsealed(events[1], 100).await, rows[2..]);
    let sealed: Vec<_> = events.iter().map(|seq| (*seq, *seq == events[2])).collect();
    assert_eq!(store.sealed(i64::MIN, 100).await.unwrap(), sealed);
    assert_eq!(store.sealed(events[0], 2).await.unwrap(), sealed[1..3]);
    let found = store.unsealed(0, 100).await.unwrap();
    assert!(found.oldest_open <= found.next_transaction);
}

pub async fn links_come_with_their_events_and_seals(stores: Stores) {
    let events = linked(&stores, 3).await;
    let rows = stores.audit.list(0, 100).await.unwrap();
    let links = stores.audit_chain.links(0, 100).await.unwrap();
    for (index, linked) in links.iter().enumerate() {
        let n = u8::try_from(index).unwrap() + 1;
        assert_eq!(linked.link, Link { point: point(n), seq: events[index] });
        assert_eq!((linked.row.as_ref(), linked.seal), (Some(&rows[index]), Some(seal(n))));
    }
    assert_eq!(links.len(), 3);
    assert_eq!(stores.audit_chain.links(1, 1).await.unwrap(), links[1..2]);
    assert_eq!(stores.audit_chain.links(3, 1).await.unwrap(), []);
}

pub async fn a_link_outlives_its_event(stores: Stores) {
    stores.audit_chain.begin(&START, &mac(0)).await.unwrap();
    extend(&stores, 0, 1, &[Link { point: point(1), seq: 77 }], None).await;
    let links = stores.audit_chain.links(0, 100).await.unwrap();
    assert_eq!((links.len(), links[0].link.seq, &links[0].row, links[0].seal), (1, 77, &None, None));
}

pub async fn what_was_made_from_an_older_chain_changes_nothing(stores: Stores) {
    let events = linked(&stores, 2).await;
    let before = stores.audit_chain.links(0, 100).await.unwrap();
    let link = Link { point: point(9), seq: events[1] + 1 };
    assert!(!extend(&stores, 1, 9, &[link], Some(&seal(9))).await);
    let chain = Chain { removed: point(1), last: point(2), ..START };
    assert!(!stores.audit_chain.shorten(&mac(1), (&chain, &mac(9))).await.unwrap());
    assert_eq!(stores.audit_chain.links(0, 100).await.unwrap(), before);
    assert_eq!(stores.audit_chain.chain().await.unwrap().unwrap().1, mac(2));
    assert_eq!(stores.audit.list(0, 100).await.unwrap().len(), 2);
}

pub async fn of_many_that_extend_a_chain_one_does(stores: Stores) {
    stores.audit_chain.begin(&START, &mac(0)).await.unwrap();
    let extended = race(|n| {
        let stores = stores.clone();
        let link = Link { point: point(1), seq: i64::try_from(n).unwrap() };
        async move { extend(&stores, 0, u8::try_from(n).unwrap() + 1, &[link], Some(&seal(1))).await }
    })
    .await;
    assert_eq!(count(&extended, &true), 1);
    assert_eq!(stores.audit_chain.links(0, 100).await.unwrap().len(), 1);
}

pub async fn what_is_removed_is_gone_with_its_links_and_seals(stores: Stores) {
    let events = linked(&stores, 5).await;
    let chain = Chain { removed: point(3), last: point(5), ..START };
    assert!(stores.audit_chain.shorten(&mac(5), (&chain, &mac(6))).await.unwrap());
    let kept: Vec<i64> = stores.audit.list(0, 100).await.unwrap().iter().map(|row| row.seq).collect();
    assert_eq!(kept, events[3..]);
    let numbers: Vec<i64> =
        stores.audit_chain.links(0, 100).await.unwrap().iter().map(|linked| linked.link.point.number).collect();
    assert_eq!(numbers, [4, 5]);
    assert_eq!(stores.audit_chain.chain().await.unwrap(), Some((chain, mac(6))));
    // A seal of that number would still be in the way.
    let link = Link { point: point(6), seq: 1_000 };
    assert!(extend(&stores, 6, 3, &[link], Some(&seal(3))).await);
}

/// R75. Each of 64 servers writes and seals at once.
pub async fn many_sealers_and_writers_make_one_chain(stores: Stores) {
    let secrets = Arc::new(Secrets::derive(&[1; 32], None).unwrap());
    race(|n| {
        let (stores, secrets) = (stores.clone(), secrets.clone());
        let sealer = Sealer::new(stores.audit_chain.clone(), secrets, Arc::new(ManualClock::at(NOW)), Arc::default());
        let mine: Event = event(EventKind::LoginSucceeded).user(user_id(n as u128));
        async move {
            for _ in 0..3 {
                stores.audit.record(std::slice::from_ref(&mine)).await.unwrap();
                sealer.round().await.unwrap();
            }
        }
    })
    .await;
    let verified = verify::verify(&*stores.audit_chain, &secrets, None).await.unwrap().unwrap();
    assert_eq!((verified.events, verified.unsealed), (CALLERS as u64 * 3, 0));
    assert_eq!(verified.chain.last.number, CALLERS as i64 * 3);
}
