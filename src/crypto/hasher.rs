//! Threads that hash passwords: few, of low priority, behind a short queue.
//!
//! bcrypt takes a core for a quarter of a second. On the threads that serve
//! calls a handful of logins would stop every refresh; with an endless queue a
//! flood of logins would make each wait for minutes.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
    mpsc,
};

use tokio::sync::oneshot;
use tracing::Span;

use crate::{
    error::Error,
    telemetry::{Metrics, traces},
};

/// Logins that may wait for each thread: at cost 12, about four seconds' worth.
const QUEUE_PER_THREAD: usize = 16;
/// Hashing yields to whoever serves calls.
const NICE: i32 = 10;

type Job = Box<dyn FnOnce() + Send>;

/// Runs slow crypto.
pub struct Hasher {
    queue: mpsc::SyncSender<Job>,
    waiting: Arc<AtomicUsize>,
    metrics: Arc<Metrics>,
}

impl Hasher {
    /// Starts so many threads; they end when the hasher is dropped.
    pub fn start(threads: usize, metrics: Arc<Metrics>) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::sync_channel::<Job>(threads * QUEUE_PER_THREAD);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..threads {
            let jobs = jobs.clone();
            std::thread::Builder::new().name(format!("hash-{number}")).spawn(move || work(&jobs))?;
        }
        Ok(Self { queue, waiting: Arc::default(), metrics })
    }

    /// Runs `job` on one of the threads. [`Error::Overloaded`] at once if too
    /// many wait. A caller that goes away leaves the job to finish.
    pub async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
        let (answer, result) = oneshot::channel();
        let (waiting, metrics) = (self.waiting.clone(), self.metrics.clone());
        let queued = tokio::time::Instant::now();
        self.metrics.hash_queue(self.waiting.fetch_add(1, Ordering::Relaxed) + 1);
        let (call, in_queue) = (Span::current(), traces::waiting_for_hasher());
        let task: Job = Box::new(move || {
            metrics.hash_queue(waiting.fetch_sub(1, Ordering::Relaxed) - 1);
            metrics.hash_wait(queued.elapsed());
            let outcome = traces::hashing(in_queue, &call).in_scope(job);
            // The caller may have gone.
            let _ = answer.send(outcome);
        });
        if self.queue.try_send(task).is_err() {
            self.metrics.hash_queue(self.waiting.fetch_sub(1, Ordering::Relaxed) - 1);
            self.metrics.hash_rejected();
            return Err(Error::Overloaded);
        }
        result.await.map_err(Error::internal)
    }
}

fn work(jobs: &Mutex<mpsc::Receiver<Job>>) {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::warn!(%error, "hashing runs at normal priority");
    }
    loop {
        // The guard is dropped before the job runs.
        let job = match jobs.lock() {
            Ok(jobs) => jobs.recv(),
            Err(_) => return,
        };
        let Ok(job) = job else { return };
        // A panic answers one caller, by the dropped channel, and costs no thread. It is logged as any is.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(job));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R20.
    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let hasher = Arc::new(Hasher::start(1, Arc::default()).unwrap());
        let (release, gate) = mpsc::channel::<()>();
        let blocker = hasher.clone();
        let (started, running) = oneshot::channel();
        let blocked = tokio::spawn(async move {
            blocker
                .run(move || {
                    let _ = started.send(());
                    let _ = gate.recv();
                })
                .await
        });
        running.await.unwrap();
        let mut waiting: Vec<_> = (0..QUEUE_PER_THREAD).map(|n| Box::pin(hasher.run(move || n))).collect();
        for job in &mut waiting {
            assert!(futures_util::poll!(job).is_pending());
        }
        assert!(matches!(hasher.run(|| ()).await, Err(Error::Overloaded)));
        release.send(()).unwrap();
        blocked.await.unwrap().unwrap();
        for (n, job) in waiting.into_iter().enumerate() {
            assert_eq!(job.await.unwrap(), n);
        }
    }

    /// R74.
    #[tokio::test]
    async fn a_panic_costs_one_answer() {
        let hasher = Hasher::start(1, Arc::default()).unwrap();
        assert!(matches!(hasher.run(|| panic!("a defect")).await, Err::<(), _>(Error::Internal(_))));
        assert_eq!(hasher.run(|| 5).await.unwrap(), 5);
    }
}
