//! Many callers at once.

use std::sync::Arc;

use tokio::{sync::Barrier, task::JoinSet};

/// So many that no back end serves all of them at once.
pub const CALLERS: usize = 64;

/// What callers number 0 to 63 are answered when all of them begin together.
pub async fn race<T, F>(call: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(CALLERS));
    let mut callers = JoinSet::new();
    for n in 0..CALLERS {
        let (start, call) = (start.clone(), call(n));
        callers.spawn(async move {
            start.wait().await;
            call.await
        });
    }
    callers.join_all().await
}

/// How many answers are this one.
pub fn count<T: PartialEq>(answers: &[T], wanted: &T) -> usize {
    answers.iter().filter(|answer| *answer == wanted).count()
}
