//! What the service holds to under load, beside its limits and a peer, on real
//! servers of its own. `load/run.sh` builds it and says what it measures.

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

mod bare;
mod callers;
mod count;
mod figures;
mod fill;
mod growth;
mod limit;
mod memory;
mod people;
mod propagation;
mod refresh;
mod servers;
mod sibling;
mod signed_in;
mod stack;
mod subscribers;
mod targets;

use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};

type Outcome<T> = Result<T, tower::BoxError>;

/// Measures the service that is built beside it.
#[derive(Parser)]
enum Measure {
    /// Refreshes per second, side by side; and what one costs the stores.
    Refresh {
        /// For each target and number of callers.
        #[arg(long, default_value_t = 5)]
        rounds: u32,
        /// In each round, after a warm-up.
        #[arg(long, default_value_t = 3)]
        seconds: u64,
    },
    /// Bytes that Redis needs for a session.
    Memory,
    /// What an operation costs as the number of sessions grows.
    Growth {
        /// Where the sessions are.
        #[arg(long, value_enum, default_value = "redis")]
        store: growth::Store,
        /// How many there are, each in a store of its own.
        #[arg(long, value_delimiter = ',', default_value = "1000,100000,1000000")]
        sessions: Vec<u64>,
    },
    /// How long a logout takes to be felt by siblings.
    Propagation {
        /// One at a time.
        #[arg(long, default_value_t = 1_000)]
        trials: u64,
        /// Then so many follow one server,
        #[arg(long, default_value_t = 2_000)]
        subscribers: usize,
        /// and hear of so many logouts in a second,
        #[arg(long, default_value_t = 300)]
        per_second: u64,
        /// for so long.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
    /// The handler that refreshes are measured against.
    #[command(hide = true)]
    Bare {
        /// Of its Redis.
        redis: String,
    },
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    // What was started ends as what holds it is dropped.
    tokio::select! {
        outcome = measure(Measure::parse()) => outcome,
        _ = terminate.recv() => Err("ended".into()),
        _ = interrupt.recv() => Err("ended".into()),
    }
}

async fn measure(what: Measure) -> Outcome<()> {
    match what {
        Measure::Refresh { rounds, seconds } => refresh::measure(rounds, std::time::Duration::from_secs(seconds)).await,
        Measure::Memory => memory::measure().await,
        Measure::Growth { store, sessions } => growth::measure(store, &sessions).await,
        Measure::Propagation { trials, subscribers, per_second, seconds } => {
            propagation::measure(&propagation::Extent { trials, subscribers, per_second, seconds }).await
        }
        Measure::Bare { redis } => bare::serve(&redis).await,
    }
}
