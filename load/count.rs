//! What a refresh costs the stores: commands and transactions, as they count
//! them themselves, beside the same time without a refresh.

use std::collections::BTreeMap;

use fred::{
    clients::Client,
    prelude::{Builder, ClientLike},
    types::{InfoKind, config::Config},
};
use sqlx::{Connection, PgConnection};
use tokio::time::Instant;

use crate::{
    Outcome,
    callers::{Caller, so_often},
};

const EACH: u32 = 160;
/// PostgreSQL tells what a connection did at most so late.
const TOLD_AFTER: std::time::Duration = std::time::Duration::from_secs(2);

/// What both have done so far.
struct Done {
    commands: BTreeMap<String, u64>,
    transactions: i64,
}

/// Lets the callers refresh, and prints the difference.
pub(crate) async fn measure(callers: &mut Vec<Caller>, postgres: &str, redis: &str) -> Outcome<()> {
    let client = Builder::from_config(Config::from_url(redis)?).build()?;
    client.init().await?;
    let mut postgres = PgConnection::connect(postgres).await?;

    tokio::time::sleep(TOLD_AFTER).await;
    let before = done(&client, &mut postgres).await?;
    let start = Instant::now();
    let refreshes = EACH * u32::try_from(callers.len())?;
    *callers = so_often(std::mem::take(callers), EACH).await?;
    tokio::time::sleep(TOLD_AFTER).await;
    let (after, elapsed) = (done(&client, &mut postgres).await?, start.elapsed());
    tokio::time::sleep(elapsed).await;
    let idle = done(&client, &mut postgres).await?;

    println!("\n{refreshes} refreshes on PostgreSQL and Redis; then the same time without one:");
    for name in ["evalsha", "eval", "get", "info"] {
        let (busy, idle) = (after.calls(name) - before.calls(name), idle.calls(name) - after.calls(name));
        println!("  Redis, {name:<24} {busy:>6} {idle:>6}");
    }
    let (busy, idle) = (after.transactions - before.transactions, idle.transactions - after.transactions);
    println!("  PostgreSQL, transactions        {busy:>6} {idle:>6}");
    Ok(client.quit().await?)
}

impl Done {
    fn calls(&self, command: &str) -> u64 {
        self.commands.get(command).copied().unwrap_or_default()
    }
}

async fn done(redis: &Client, postgres: &mut PgConnection) -> Outcome<Done> {
    let info: String = redis.info(Some(InfoKind::CommandStats)).await?;
    let transactions = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()";
    let transactions = sqlx::query_scalar(transactions).fetch_one(postgres).await?;
    Ok(Done { commands: info.lines().filter_map(calls).collect(), transactions })
}

/// Of a line like `cmdstat_get:calls=3,usec=…`.
fn calls(line: &str) -> Option<(String, u64)> {
    let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
    Some((name.to_owned(), rest.split(',').next()?.parse().ok()?))
}
