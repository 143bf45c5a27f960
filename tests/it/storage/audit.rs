//! The contract of [`sekisho::storage::Audit`].

use std::collections::BTreeSet;

use sekisho::{
    domain::{Event, EventKind},
    storage::{Stores, audit::AuditRow},
};
use uuid::Uuid;

use super::{
    data::{NOW, after, audit_kinds, client, event, ip, session_id, user_id},
    race::{CALLERS, race},
};

const KINDS: [EventKind; 4] =
    [EventKind::LoginSucceeded, EventKind::LoginUnknown, EventKind::LoggedOut, EventKind::RateLimited];

async fn record_four(stores: &Stores) -> Vec<AuditRow> {
    stores.audit.record(&KINDS.map(event)).await.unwrap();
    stores.audit.list(0, 100).await.unwrap()
}

pub async fn a_row_holds_what_the_event_says(stores: Stores) {
    let mut told = Event { at: after(7), ..event(EventKind::LoginSucceeded) }
        .user(user_id(1))
        .session(session_id(2))
        .client(&client("web"))
        .mailbox([9; 32]);
    told.origin.address = Some(ip("2001:db8::1"));
    stores.audit.record(&[told]).await.unwrap();
    let rows = stores.audit.list(0, 100).await.unwrap();
    let wanted = AuditRow {
        seq: rows[0].seq,
        at: after(7),
        kind: "login_succeeded".into(),
        user_id: Some(Uuid::from_u128(1)),
        session_id: Some(Uuid::from_u128(2)),
        client_id: Some("web".into()),
        mailbox: Some(vec![9; 32]),
        address: Some("2001:db8::1".into()),
        request_id: "call-1".into(),
    };
    assert_eq!(rows, [wanted]);
}

pub async fn what_an_event_does_not_say_is_not_in_its_row(stores: Stores) {
    stores.audit.record(&[event(EventKind::RateLimited)]).await.unwrap();
    let rows = stores.audit.list(0, 100).await.unwrap();
    let wanted = AuditRow {
        seq: rows[0].seq,
        at: NOW,
        kind: "rate_limited".into(),
        user_id: None,
        session_id: None,
        client_id: None,
        mailbox: None,
        address: None,
        request_id: "call-1".into(),
    };
    assert_eq!(rows, [wanted]);
}

pub async fn every_kind_is_recorded_by_its_word(stores: Stores) {
    let events: Vec<Event> = EventKind::ALL.iter().copied().map(event).collect();
    stores.audit.record(&events).await.unwrap();
    let words: Vec<_> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(audit_kinds(&stores).await, words);
}

pub async fn no_event_makes_no_row(stores: Stores) {
    stores.audit.record(&[]).await.unwrap();
    assert_eq!(stores.audit.list(0, 100).await.unwrap(), []);
}

pub async fn rows_come_oldest_first_with_rising_numbers(stores: Stores) {
    let rows = record_four(&stores).await;
    let kinds: Vec<_> = rows.iter().map(|row| row.kind.as_str()).collect();
    assert_eq!(kinds, KINDS.map(EventKind::as_str));
    assert!(rows[0].seq > 0, "a reader begins at 0");
    assert!(rows.is_sorted_by(|a, b| a.seq < b.seq), "{rows:?}");
}

pub async fn a_page_is_what_comes_after_a_row_up_to_a_limit(stores: Stores) {
    let rows = record_four(&stores).await;
    let list = |after, limit| {
        let audit = stores.audit.clone();
        async move { audit.list(after, limit).await.unwrap() }
    };
    assert_eq!(list(0, 2).await, rows[..2]);
    assert_eq!(list(rows[1].seq, 2).await, rows[2..]);
    assert_eq!(list(rows[2].seq, 2).await, rows[3..]);
    assert_eq!(list(rows[3].seq, 2).await, []);
    assert_eq!(list(0, 0).await, []);
}

pub async fn the_latest_come_first_of_all_or_of_one_person(stores: Stores) {
    let (ada, bob) = (user_id(1), user_id(2));
    for (kind, who) in KINDS.into_iter().zip([Some(ada), None, Some(bob), Some(ada)]) {
        let told = event(kind);
        stores.audit.record(&[who.map_or(told.clone(), |id| told.user(id))]).await.unwrap();
    }
    let rows = stores.audit.list(0, 100).await.unwrap();
    let recent = |before, who: Option<sekisho::domain::UserId>, limit| {
        let audit = stores.audit.clone();
        async move { audit.recent(before, who.map(|id| id.0), limit).await.unwrap() }
    };
    let newest: Vec<AuditRow> = rows.iter().rev().cloned().collect();
    assert_eq!(recent(i64::MAX, None, 100).await, newest);
    assert_eq!(recent(i64::MAX, None, 2).await, newest[..2]);
    assert_eq!(recent(rows[2].seq, None, 100).await, newest[2..]);
    assert_eq!(recent(i64::MAX, Some(ada), 100).await, [rows[3].clone(), rows[0].clone()]);
    assert_eq!(recent(rows[3].seq, Some(ada), 100).await, [rows[0].clone()]);
    assert_eq!(recent(i64::MAX, Some(user_id(3)), 100).await, []);
}

pub async fn many_writers_lose_no_row(stores: Stores) {
    race(|n| {
        let stores = stores.clone();
        let mut mine = event(EventKind::LoginSucceeded);
        mine.origin.request_id = n.to_string().into();
        async move { stores.audit.record(&[mine]).await.unwrap() }
    })
    .await;
    let rows = stores.audit.list(0, 100).await.unwrap();
    let calls: BTreeSet<_> = rows.iter().map(|row| row.request_id.clone()).collect();
    assert_eq!((rows.len(), calls.len()), (CALLERS, CALLERS));
    assert!(rows.is_sorted_by(|a, b| a.seq < b.seq), "{rows:?}");
}
