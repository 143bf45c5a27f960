//! Two services in this process that share their stores, as two on two machines
//! do.

use std::sync::Arc;

use sekisho::{clock::ManualClock, domain::Timestamp};

use super::{TestApp, stack::Stack};

/// With one time for both.
pub async fn pair(stack: Stack, settings: &[(&str, &str)]) -> [Arc<TestApp>; 2] {
    let clock = ManualClock::at(Timestamp::from_seconds(1_800_000_000));
    pair_at(stack, [clock.clone(), clock], settings).await
}

/// Each with its own time.
pub async fn pair_at(stack: Stack, clocks: [ManualClock; 2], settings: &[(&str, &str)]) -> [Arc<TestApp>; 2] {
    let folder = tempfile::tempdir().unwrap();
    let stores = stack.settings(folder.path()).await;
    let mut all: Vec<(&str, &str)> = stores.iter().map(|(name, value)| (*name, value.as_str())).collect();
    all.extend_from_slice(settings);
    let [first, second] = clocks;
    let first = TestApp::at(tempfile::tempdir().unwrap(), first, &all).await;
    [Arc::new(first), Arc::new(TestApp::at(tempfile::tempdir().unwrap(), second, &all).await)]
}

/// Makes a test of each function, on every stack that services can share; the
/// function takes the stack.
macro_rules! on_shared_stacks {
    ($($name:ident)+) => {
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(crate::support::stack::Stack::Postgres).await;
            })+
        }

        mod postgres_and_redis {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                super::$name(crate::support::stack::Stack::PostgresAndRedis).await;
            })+
        }
    };
}

pub(crate) use on_shared_stacks;
