//! Each RPC by itself, on PostgreSQL and Redis: by callers who call again as soon as they
//! are answered, and then at half that rate.

mod account;
mod admin;
mod auth;
mod bench;
mod callers;
mod session;
mod token;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tonic::{Response, Status};

use crate::{Outcome, figures::Figures};
use bench::Bench;

/// How much to measure.
pub(crate) struct Extent {
    pub(crate) replicas: usize,
    pub(crate) callers: usize,
    pub(crate) calls: usize,
    pub(crate) cost: u32,
    pub(crate) only: String,
}

/// A call that is ready to be made, and is not made before it is awaited.
type Call = BoxFuture<'static, Outcome<()>>;

/// An RPC, and how a call of it is made ready for a caller.
struct Job {
    name: &'static str,
    /// Whether it takes a password, and with it the time of a hash.
    hashes: bool,
    ready: fn(Arc<Bench>, usize) -> BoxFuture<'static, Outcome<Call>>,
}

/// From an asynchronous function.
macro_rules! job {
    ($name:literal, $ready:expr) => {
        Job { name: $name, hashes: false, ready: |bench, caller| Box::pin($ready(bench, caller)) }
    };
    (hashes $name:literal, $ready:expr) => {
        Job { hashes: true, ..job!($name, $ready) }
    };
}
use job;

fn call<T>(answer: impl Future<Output = Result<Response<T>, Status>> + Send + 'static) -> Call {
    Box::pin(async { answer.await.map(drop).map_err(Into::into) })
}

/// Measures, and prints a table.
pub(crate) async fn measure(extent: &Extent) -> Outcome<()> {
    let bench = Arc::new(Bench::start(extent).await?);
    println!(
        "{} replica(s), {} callers, bcrypt of cost {}; CPU is that of all replicas, in seconds for a million calls.\n",
        extent.replicas, extent.callers, extent.cost
    );
    println!("| RPC | at full load: calls/s | p50 ms | p99 ms | CPU s | at half: calls/s | p50 ms | p99 ms | CPU s |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
    let jobs = auth::JOBS.iter().chain(session::JOBS).chain(account::JOBS).chain(token::JOBS).chain(admin::JOBS);
    for job in jobs.filter(|job| job.name.contains(&extent.only)) {
        let calls = if job.hashes { extent.calls.div_ceil(10) } else { extent.calls };
        let full = callers::round(&bench, job, extent.callers, calls, None).await?;
        let half = callers::round(&bench, job, extent.callers, calls, Some(full.per_second / 2.0)).await?;
        println!("| {} | {} | {} |", job.name, cells(&full), cells(&half));
    }
    bench.print_memory()
}

fn cells(Figures { per_second, p50, p99, cpu }: &Figures) -> String {
    format!("{per_second:.0} | {p50:.1} | {p99:.1} | {cpu:.0}")
}
