//! PostgreSQL gives a row its number before the row can be seen: of two that are written
//! at once the later number may be seen, and sealed, first.

use std::sync::Arc;

use sekisho::{
    audit::{Sealer, verify},
    clock::ManualClock,
    crypto::Secrets,
    domain::{Event, EventKind, Origin, Timestamp},
    storage::sql::SqlStore,
};
use sqlx::{Connection, Executor};

use crate::support::servers::{connect, location, postgres_database};

const NOON: Timestamp = Timestamp::from_seconds(1_800_000_000);
const LATE: &str = "INSERT INTO audit_events (at, kind, request_id) VALUES ('2027-01-15', 'logged_out', 'late')";

/// R75.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_committed_late_is_sealed_then() {
    let url = postgres_database().await;
    let store = Arc::new(SqlStore::open(&location(&url), Arc::default()).await.unwrap());
    let stores = store.stores();
    let secrets = Arc::new(Secrets::derive(&[1; 32], None).unwrap());
    let clock = Arc::new(ManualClock::at(NOON));
    let sealer = Sealer::new(stores.audit_chain.clone(), secrets.clone(), clock, Arc::default());
    let write_and_seal = async || {
        let event = Event::new(NOON, EventKind::LoggedOut, &Origin::default());
        stores.audit.record(&[event]).await.unwrap();
        assert_eq!(sealer.round().await.unwrap(), 1);
        stores.audit_chain.chain().await.unwrap().unwrap().0.settled
    };
    let (mut one, mut other) = (connect(&url).await, connect(&url).await);

    write_and_seal().await;
    let mut late = one.begin().await.unwrap();
    late.execute(LATE).await.unwrap();
    let mut never = other.begin().await.unwrap();
    never.execute(LATE).await.unwrap();
    for _ in 0..5 {
        assert!(write_and_seal().await <= 1, "event 2 may still come");
    }
    late.commit().await.unwrap();
    assert_eq!(sealer.round().await.unwrap(), 1);
    never.rollback().await.unwrap();

    let verified = verify::verify(&*stores.audit_chain, &secrets, None).await.unwrap().unwrap();
    assert_eq!((verified.events, verified.unsealed), (7, 0));
    // Others work on the same server; their transactions end as well.
    crate::support::eventually(async || write_and_seal().await >= 8).await;
    verify::verify(&*stores.audit_chain, &secrets, None).await.unwrap().unwrap();
}
