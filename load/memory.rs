//! Bytes that Redis needs for a session, with all that the service keeps of it.

use fred::{
    clients::Client,
    prelude::{Builder, ClientLike},
    types::{ClusterHash, CustomCommand, InfoKind, Value, config::Config},
};
use sekisho::clock::{Clock, SystemClock};

use crate::{
    Outcome,
    fill::fill,
    people::session,
    servers::Servers,
    stack::{PREFIX, Stack},
};

/// Sessions of a person, and the goal in bytes for each.
const SHAPES: [(u64, u64); 2] = [(5, 250), (1, 400)];
const SESSIONS: [u64; 2] = [100_000, 1_000_000];
/// Keys of which Redis is asked for the size.
const SAMPLE: u64 = 1_000;

/// Measures, and prints.
pub(crate) async fn measure() -> Outcome<()> {
    println!("Bytes in Redis for each session: of all memory that it uses, and of its keys alone.\n");
    println!("{:>10} {:>12} {:>8} {:>8} {:>8}", "sessions", "per person", "memory", "keys", "goal");
    for sessions in SESSIONS {
        for (devices, goal) in SHAPES {
            let (memory, keys) = bytes(sessions / devices, devices).await?;
            println!("{sessions:>10} {devices:>12} {memory:>8.1} {keys:>8.1} {goal:>8}");
        }
    }
    Ok(())
}

async fn bytes(people: u64, devices: u64) -> Outcome<(f64, f64)> {
    let (server, folder) = (Servers::start("redis", &["--appendonly", "no"])?, tempfile::tempdir()?);
    let stores = Stack::in_folder(folder.path()).and(&server.url, PREFIX).open().await?;
    let client = Builder::from_config(Config::from_url(&server.url)?).build()?;
    client.init().await?;
    let now = SystemClock.now();

    let empty = used(&client).await?;
    fill(&stores.sessions, people, devices, now).await?;
    let full = used(&client).await?;

    let mut sampled = 0;
    for person in (0..people).step_by(usize::try_from(people / SAMPLE)?) {
        let key = [PREFIX.as_bytes(), b"s:", session(person, 0, now)?.user_id.0.as_bytes()].concat();
        sampled += usage(&client, key).await?;
    }
    client.quit().await?;
    Ok((ratio(full - empty, people * devices), ratio(sampled, SAMPLE * devices)))
}

async fn used(client: &Client) -> Outcome<u64> {
    let info: String = client.info(Some(InfoKind::Memory)).await?;
    let used = info.lines().find_map(|line| line.strip_prefix("used_memory:")?.parse().ok());
    used.ok_or_else(|| "no used_memory".into())
}

async fn usage(client: &Client, key: Vec<u8>) -> Outcome<u64> {
    let command = CustomCommand::new_static("MEMORY", ClusterHash::Random, false);
    let arguments: Vec<Value> = vec!["USAGE".into(), Value::Bytes(key.into()), "SAMPLES".into(), "0".into()];
    Ok(client.custom(command, arguments).await?)
}

#[expect(clippy::cast_precision_loss, reason = "numbers to be read")]
fn ratio(bytes: u64, sessions: u64) -> f64 {
    bytes as f64 / sessions as f64
}
