//! How long a start takes, and the memory of a service that is idle, on each stack.

use std::time::Duration;

use tempfile::TempDir;
use tokio::time::Instant;

use crate::{
    Outcome,
    figures::percentile,
    servers::{Servers, Service, built},
    stack::{PREFIX, Stack},
};

/// What a start gave.
struct Start {
    ready: Duration,
    answered: Duration,
    /// Kibibytes.
    resident: u64,
}

/// Measures, and prints a table.
pub(crate) async fn measure(starts: usize) -> Outcome<()> {
    let (postgres, redis) = (Servers::start("postgres", &[])?, Servers::start("redis", &[])?);
    println!("The binary has {} bytes. The median of {starts} starts:\n", std::fs::metadata(built("sekisho")?)?.len());
    println!("| stack | to the ready line, ms | to the first answer, ms | resident when idle, MiB |");
    println!("|---|---:|---:|---:|");
    let folder = tempfile::tempdir()?;
    let on_postgres = Stack::on(&postgres.url);
    for (name, stack) in [
        ("SQLite", Stack::in_folder(folder.path())),
        ("PostgreSQL", on_postgres.clone()),
        ("PostgreSQL and Redis", on_postgres.and(&redis.url, PREFIX)),
    ] {
        // A start that finds keys, and nothing to migrate, as all but the first do.
        stack.command(&["migrate"])?;
        start(&stack).await?;
        let mut all = Vec::new();
        for _ in 0..starts {
            all.push(start(&stack).await?);
        }
        println!("| {name} | {} |", cells(&all));
    }
    Ok(())
}

fn cells(starts: &[Start]) -> String {
    let median = |pick: fn(&Start) -> Duration| {
        let mut times: Vec<Duration> = starts.iter().map(pick).collect();
        times.sort_unstable();
        percentile(&times, 0.5).as_millis()
    };
    let mut resident: Vec<u64> = starts.iter().map(|start| start.resident / 1024).collect();
    resident.sort_unstable();
    let resident = resident.get(resident.len() / 2).copied().unwrap_or_default();
    format!("{} | {} | {resident}", median(|start| start.ready), median(|start| start.answered))
}

async fn start(stack: &Stack) -> Outcome<Start> {
    let (folder, begin): (TempDir, Instant) = (tempfile::tempdir()?, Instant::now());
    let service: Service = stack.serve(&folder.path().join("server.log"))?;
    let ready = begin.elapsed();
    reqwest::get(format!("{}/.well-known/jwks.json", service.url)).await?.error_for_status()?;
    let answered = begin.elapsed();
    Ok(Start { ready, answered, resident: service.resident("VmRSS")? })
}
