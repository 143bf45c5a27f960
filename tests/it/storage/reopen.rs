//! What an SQLite file still holds when it is opened again.

use std::{fs, path::Path, time::Duration};

use sekisho::{
    domain::{
        EventKind, Purpose, Revocation, Timestamp,
        revocation::{RevocationReason, Target},
    },
    storage::{
        Stores,
        codes::{CodeKey, Guess, PendingCode},
        limits::Rate,
        signing_keys::SealedKey,
    },
};

use super::{
    attempt::Attempt,
    back_ends::open_sqlite,
    data::{NOW, account, after, audit_kinds, client, event, notice, session},
    sessions::{get, open},
};

const RATE: Rate = Rate { count: 2, per: Duration::from_secs(20) };

fn revocation() -> Revocation {
    Revocation {
        user_id: account(1).id,
        target: Target::User,
        not_before: after(7),
        reason: RevocationReason::Revoked,
        expires_at: after(1_000),
    }
}

fn code_key() -> CodeKey {
    CodeKey { purpose: Purpose::Signup, mailbox: [1; 32], client_id: client("web") }
}

fn signing_key() -> SealedKey {
    SealedKey {
        kid: "a".into(),
        alg: "ES256".into(),
        public_jwk: "{}".into(),
        sealed: vec![0, 255],
        created_at: NOW,
        active_at: after(600),
    }
}

/// One acknowledged write, or several, to each store.
async fn write(stores: &Stores) {
    stores.accounts.create(&account(1), &event(EventKind::SignupCompleted)).await.unwrap();
    stores.journal.append(&[revocation()], &[event(EventKind::SessionsRevoked)], &[notice(1)]).await.unwrap();
    stores.audit.record(&[event(EventKind::RateLimited)]).await.unwrap();
    stores.signing_keys.insert(&signing_key(), Timestamp::from_micros(i64::MIN)).await.unwrap();
    open(stores, &[session(1, 1), session(1, 2)]).await;
    Attempt::of(&session(1, 1), 1).at(after(5)).make(stores).await;
    stores.sessions.end(session(1, 2).user_id, session(1, 2).id).await.unwrap();
    let code = PendingCode { digest: [1; 32], payload: "payload".into(), expires_at: after(900) };
    stores.codes.put(&code_key(), &code, NOW).await.unwrap();
    stores.codes.guess(&code_key(), [2; 32], 5, NOW).await.unwrap();
    stores.limits.take("a", RATE, NOW).await.unwrap();
}

async fn assert_durable_stores_kept(stores: &Stores) {
    let found = stores.accounts.by_id(account(1).id).await.unwrap().unwrap();
    assert!(found.password == account(1).password);
    assert_eq!(found.not_before, after(7));
    assert_eq!(stores.journal.live(0, NOW, 10).await.unwrap(), [(1, revocation())]);
    let leased = stores.outbox.lease(NOW, after(120), 10).await.unwrap().notices;
    assert_eq!(leased.into_iter().map(|leased| leased.notice).collect::<Vec<_>>(), [notice(1)]);
    assert_eq!(audit_kinds(stores).await, ["signup_completed", "sessions_revoked", "rate_limited"]);
    assert_eq!(stores.signing_keys.list().await.unwrap(), [signing_key()]);
}

async fn assert_volatile_stores_kept(stores: &Stores) {
    let chain = get(stores, &session(1, 1), after(5)).await.unwrap().chain;
    assert_eq!((chain.generation, chain.parent, chain.rotated_at), (2, 1, after(5)));
    assert_eq!(get(stores, &session(1, 2), after(5)).await, None);
    assert_eq!(stores.codes.guess(&code_key(), [2; 32], 5, NOW).await.unwrap(), Guess::Wrong(3));
    assert_eq!(stores.codes.guess(&code_key(), [1; 32], 5, NOW).await.unwrap(), Guess::Right("payload".into()));
    assert_eq!(stores.limits.take("a", RATE, NOW).await.unwrap(), None);
    assert_eq!(stores.limits.take("a", RATE, NOW).await.unwrap(), Some(Duration::from_secs(10)));
}

async fn assert_kept(file: &Path) {
    let store = open_sqlite(file).await;
    assert_durable_stores_kept(&store.stores()).await;
    assert_volatile_stores_kept(&store.stores()).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_after_a_stop() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("sekisho.db");
    let store = open_sqlite(&file).await;
    write(&store.stores()).await;
    store.close().await;
    assert_kept(&file).await;
}

/// A copy of the files of an open store is what a crash leaves.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_after_a_crash() {
    let (data, after_crash) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open_sqlite(&data.path().join("sekisho.db")).await;
    write(&store.stores()).await;
    for name in ["sekisho.db", "sekisho.db-wal"] {
        fs::copy(data.path().join(name), after_crash.path().join(name)).unwrap();
    }
    assert_kept(&after_crash.path().join("sekisho.db")).await;
}
