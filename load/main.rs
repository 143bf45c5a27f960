//! What the service holds to under load, beside its limits and a peer, on real
//! servers of its own. `load/run.sh` builds it and says what it measures.

#![expect(clippy::print_stdout, reason = "it prints what it measured")]

mod accounts;
mod answer;
mod bare;
mod callers;
mod count;
mod enumeration;
mod figures;
mod fill;
mod growth;
mod guessers;
mod guesses;
mod idle_connections;
mod limit;
mod memory;
mod people;
mod propagation;
mod rapid_reset;
mod refresh;
mod rpc;
mod servers;
mod sibling;
mod signed_in;
mod slow_clients;
mod spraying;
mod stack;
mod start;
mod subscribers;
mod targets;
mod traces;
mod under_attack;

use std::time::Duration;

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
    /// Refreshes per second while a collector is sent none, one in a hundred, and all of their
    /// traces.
    Traces {
        /// For each target and number of callers.
        #[arg(long, default_value_t = 5)]
        rounds: u32,
        /// In each round, after a warm-up.
        #[arg(long, default_value_t = 3)]
        seconds: u64,
    },
    /// Calls per second of each RPC, at half of what can be done and at all of it.
    Rpc {
        /// Of the service: 1 to 9, on one PostgreSQL and one Redis.
        #[arg(long, default_value_t = 1)]
        replicas: usize,
        /// Who call at a time.
        #[arg(long, default_value_t = 16)]
        callers: usize,
        /// Of each caller, in each round; a tenth where a password is hashed.
        #[arg(long, default_value_t = 100)]
        calls: usize,
        /// Of bcrypt; commands of the service take no less than 10.
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(10..=15))]
        cost: u32,
        /// Those RPCs only whose name holds this.
        #[arg(long, default_value = "")]
        only: String,
    },
    /// How long a start takes on each stack, and the memory of a service that is idle.
    Start {
        /// On each stack.
        #[arg(long, default_value_t = 5)]
        starts: usize,
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
    /// How honest callers fare while others send requests and reset them.
    RapidReset {
        /// Of those others.
        #[arg(long, default_value_t = 10)]
        connections: u64,
        /// In peace, under attack, and afterwards.
        #[arg(long, default_value_t = 20)]
        seconds: u64,
    },
    /// The same while others send a byte a second.
    SlowClients {
        /// How many others.
        #[arg(long, default_value_t = 5_000)]
        clients: u64,
        /// In peace, under attack, and afterwards.
        #[arg(long, default_value_t = 40)]
        seconds: u64,
    },
    /// The same while others keep connections and ask nothing.
    IdleConnections {
        /// How many.
        #[arg(long, default_value_t = 20_000)]
        connections: u64,
        /// In peace, under attack, and afterwards.
        #[arg(long, default_value_t = 20)]
        seconds: u64,
    },
    /// How many of many guesses of one code at the same moment are looked at.
    Guesses {
        /// How many.
        #[arg(long, default_value_t = 1_000)]
        guesses: u64,
    },
    /// One password tried on many accounts: how many attempts a network has.
    Spraying {
        /// Half of them exist.
        #[arg(long, default_value_t = 1_000)]
        accounts: u64,
        /// In peace, under attack, and afterwards.
        #[arg(long, default_value_t = 20)]
        seconds: u64,
    },
    /// Whether answers tell which addresses have an account: by their bytes or their time.
    Enumeration {
        /// Of known and of unknown addresses each, for each of the calls.
        #[arg(long, default_value_t = 500)]
        samples: u32,
        /// 2,000 of them.
        #[arg(long, conflicts_with = "samples")]
        full: bool,
        /// Of bcrypt: at the least of it everything else shows.
        #[arg(long, default_value_t = 4)]
        cost: u32,
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
        Measure::Refresh { rounds, seconds } => refresh::measure(rounds, Duration::from_secs(seconds)).await,
        Measure::Traces { rounds, seconds } => traces::measure(rounds, Duration::from_secs(seconds)).await,
        Measure::Rpc { replicas, callers, calls, cost, only } => {
            rpc::measure(&rpc::Extent { replicas, callers, calls, cost, only }).await
        }
        Measure::Start { starts } => start::measure(starts).await,
        Measure::Memory => memory::measure().await,
        Measure::Growth { store, sessions } => growth::measure(store, &sessions).await,
        Measure::Propagation { trials, subscribers, per_second, seconds } => {
            propagation::measure(&propagation::Extent { trials, subscribers, per_second, seconds }).await
        }
        Measure::RapidReset { connections, seconds } => {
            rapid_reset::measure(connections, Duration::from_secs(seconds)).await
        }
        Measure::SlowClients { clients, seconds } => slow_clients::measure(clients, Duration::from_secs(seconds)).await,
        Measure::IdleConnections { connections, seconds } => {
            idle_connections::measure(connections, Duration::from_secs(seconds)).await
        }
        Measure::Guesses { guesses } => guesses::measure(guesses).await,
        Measure::Spraying { accounts, seconds } => spraying::measure(accounts, Duration::from_secs(seconds)).await,
        Measure::Enumeration { samples, full, cost } => {
            enumeration::measure(if full { 2_000 } else { samples }, cost).await
        }
        Measure::Bare { redis } => bare::serve(&redis).await,
    }
}
