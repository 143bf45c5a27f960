//! What an operation costs as sessions grow in number: each in turn on the store
//! of each size, of somebody drawn by lot.

use std::{collections::HashMap, path::Path, sync::Arc, time::Duration};

use clap::ValueEnum;
use sekisho::{
    clock::{Clock, SystemClock},
    domain::{Session, rotation::Verdict},
    entropy::{Entropy, SystemEntropy},
    storage::sessions::{Presentation, Rotation, RotationRules, SessionLimit, Sessions},
};
use tokio::time::Instant;

use crate::{Outcome, figures::percentile, fill::fill, people::session, servers::Servers, stack::Stack};

/// Of one person.
const DEVICES: u64 = 5;
const TIMES: u32 = 5_000;
/// Not counted.
const WARM_UP: u32 = 500;
const OPERATIONS: [&str; 3] = ["refresh", "list", "revoke"];
const RULES: RotationRules = RotationRules {
    grace: Duration::from_secs(30),
    idle: Duration::from_secs(2_592_000),
    end_on_client_mismatch: true,
};

/// Where sessions are.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Store {
    /// One Redis, with a prefix for each size.
    Redis,
    /// One server for each size.
    Postgres,
    /// One file for each size.
    Sqlite,
}

/// A store with so many sessions.
struct Sized {
    sessions: u64,
    store: Arc<dyn Sessions>,
    /// Of sessions that were refreshed.
    generations: HashMap<(u64, u64), u64>,
    latencies: [Vec<Duration>; OPERATIONS.len()],
}

/// Measures, and prints.
pub(crate) async fn measure(store: Store, sizes: &[u64]) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let redis = matches!(store, Store::Redis).then(|| Servers::start("redis", &[])).transpose()?;
    let (mut servers, mut stores) = (Vec::new(), Vec::new());
    for &sessions in sizes {
        let stack = match (store, &redis) {
            (Store::Postgres, _) => {
                servers.push(Servers::start("postgres", &["-c", "fsync=on"])?);
                Stack::on(servers.last().map_or("", |server| &server.url))
            }
            (_, Some(redis)) => in_folder(folder.path(), sessions)?.and(&redis.url, &format!("{sessions}:")),
            _ => in_folder(folder.path(), sessions)?,
        };
        stores.push(Sized::fill(&stack, sessions).await?);
    }
    for time in 0..WARM_UP + TIMES {
        for store in &mut stores {
            store.operate(time >= WARM_UP).await?;
        }
    }
    print(&mut stores);
    Ok(())
}

fn in_folder(folder: &Path, sessions: u64) -> Outcome<Stack> {
    let folder = folder.join(sessions.to_string());
    std::fs::create_dir(&folder)?;
    Ok(Stack::in_folder(&folder))
}

impl Sized {
    async fn fill(stack: &Stack, sessions: u64) -> Outcome<Self> {
        let store = stack.open().await?.sessions;
        fill(&store, sessions / DEVICES, DEVICES, SystemClock.now()).await?;
        Ok(Self { sessions, store, generations: HashMap::new(), latencies: Default::default() })
    }

    /// Each operation once.
    async fn operate(&mut self, is_measured: bool) -> Outcome<()> {
        let taken = [self.refresh().await?, self.list().await?, self.revoke().await?];
        if is_measured {
            for (latencies, taken) in self.latencies.iter_mut().zip(taken) {
                latencies.push(taken);
            }
        }
        Ok(())
    }

    /// A person and one of the person's devices.
    fn drawn(&self) -> (u64, u64) {
        let entropy: &dyn Entropy = &SystemEntropy;
        (u64::from_be_bytes(entropy.bytes()) % (self.sessions / DEVICES), u64::from(entropy.bytes::<1>()[0]) % DEVICES)
    }

    fn drawn_session(&self) -> Outcome<((u64, u64), Session)> {
        let (person, device) = self.drawn();
        Ok(((person, device), session(person, device, SystemClock.now())?))
    }

    async fn refresh(&mut self) -> Outcome<Duration> {
        let (who, owner) = self.drawn_session()?;
        let generation = self.generations.entry(who).or_insert(1);
        let presented = Presentation {
            client_id: &owner.client_id,
            generation: *generation,
            gate: owner.salt.gate(*generation),
            address: owner.address,
        };
        let start = Instant::now();
        let rotation = self.store.rotate(owner.user_id, owner.id, &presented, RULES, SystemClock.now()).await?;
        let taken = start.elapsed();
        *generation += 1;
        match rotation {
            Rotation::Judged(Verdict::Rotated(_), _) => Ok(taken),
            _ => Err("not rotated".into()),
        }
    }

    async fn list(&self) -> Outcome<Duration> {
        let (_, owner) = self.drawn_session()?;
        let start = Instant::now();
        let listed = self.store.list(owner.user_id, SystemClock.now()).await?.len();
        let taken = start.elapsed();
        if listed as u64 == DEVICES { Ok(taken) } else { Err("sessions are missing".into()) }
    }

    /// The session is opened again, so that there are as many as before.
    async fn revoke(&mut self) -> Outcome<Duration> {
        let (who, owner) = self.drawn_session()?;
        let start = Instant::now();
        let was_there = self.store.end(owner.user_id, owner.id).await?;
        let taken = start.elapsed();
        self.store.open(&owner, SessionLimit::Unlimited, SystemClock.now()).await?;
        self.generations.remove(&who);
        if was_there { Ok(taken) } else { Err("a session is missing".into()) }
    }
}

fn print(stores: &mut [Sized]) {
    println!("Microseconds of one operation after the other, the middle of {TIMES}; and the most");
    println!("sessions over the fewest.\n");
    let sizes: String = stores.iter().map(|store| format!("{:>12}", store.sessions)).collect();
    println!("{:<10}{sizes}{:>10}", "sessions", "ratio");
    for (number, name) in OPERATIONS.iter().enumerate() {
        let middles: Vec<f64> = stores
            .iter_mut()
            .map(|store| {
                store.latencies[number].sort_unstable();
                percentile(&store.latencies[number], 0.5).as_secs_f64() * 1e6
            })
            .collect();
        let columns: String = middles.iter().map(|middle| format!("{middle:>12.1}")).collect();
        let ratio = middles.last().zip(middles.first()).map_or(1.0, |(most, fewest)| most / fewest);
        println!("{name:<10}{columns}{ratio:>9.2}×");
    }
}
