//! A whole refresh on SQLite, each synced to disk: `cargo bench --bench rotation`.
//!
//! `bare_commit` is one row written and synced, to read the others against.

#![expect(clippy::expect_used, reason = "a bench that cannot run has nothing to report")]

mod data;

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use data::{NOW, session};
use divan::Bencher;
use sekisho::storage::{
    Stores,
    limits::Rate,
    sessions::{Presentation, RotationRules, SessionLimit},
    sql::{Location, SqlStore},
};
use tokio::runtime::Runtime;

const RULES: RotationRules = RotationRules {
    grace: Duration::from_secs(30),
    idle: Duration::from_secs(2_592_000),
    end_on_client_mismatch: true,
};

fn main() {
    divan::main();
}

/// A store with so many sessions.
fn store(sessions: u128) -> (Runtime, Stores, tempfile::TempDir) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let stores = runtime.block_on(async {
        let store =
            SqlStore::open(&Location::Sqlite(folder.path().join("bench.db")), Arc::default()).await.expect("a store");
        store.migrate().await.expect("migrations");
        let stores = Arc::new(store).stores();
        for user in 0..sessions {
            stores.sessions.open(&session(user), SessionLimit::Unlimited, NOW).await.expect("a session");
        }
        stores
    });
    (runtime, stores, folder)
}

#[divan::bench(args = [1, 1_000], sample_count = 200)]
fn rotate(bencher: Bencher<'_, '_>, sessions: u128) {
    let (runtime, stores, _folder) = store(sessions);
    let generation = Mutex::new(1_u64);
    let owner = session(0);
    bencher.bench_local(|| {
        let mut generation = generation.lock().expect("no panic before");
        let presented = Presentation {
            client_id: &owner.client_id,
            generation: *generation,
            gate: owner.salt.gate(*generation),
            address: None,
        };
        runtime.block_on(stores.sessions.rotate(owner.user_id, owner.id, &presented, RULES, NOW)).expect("a rotation");
        *generation += 1;
    });
}

#[divan::bench(sample_count = 200)]
fn bare_commit(bencher: Bencher<'_, '_>) {
    let (runtime, stores, _folder) = store(0);
    let rate = Rate { count: 100_000, per: Duration::from_secs(86_400) };
    bencher.bench_local(|| runtime.block_on(stores.limits.take("somebody", rate, NOW)).expect("an answer"));
}
