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
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    for folder in &folders {
        stack.share(folders[0].path(), folder.path()).await;
    }
    let ([first, second], [its_folder, other_folder]) = (clocks, folders);
    let first = TestApp::at(its_folder, first, settings).await;
    [Arc::new(first), Arc::new(TestApp::at(other_folder, second, settings).await)]
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
