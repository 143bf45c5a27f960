//! How long a logout takes from its acknowledgement until it is felt elsewhere: by a
//! sibling that is told of one at a time, and by each of many who are told of many.

use std::{sync::Arc, time::Duration};

use sekisho::storage::Stores;
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};

use crate::{
    Outcome,
    figures::percentile,
    servers::{Servers, Service},
    sibling::Sibling,
    signed_in::{SignedIn, connect},
    stack::{PREFIX, Stack, secrets},
    subscribers::{Numbers, Received, Subscribers},
};

const CLIENT: &str = "load";
const SCOPES: &str = "revocations:read";
/// Between trials one at a time.
const PAUSE: Duration = Duration::from_millis(10);
/// How often those who end by the many are let go.
const TICK: Duration = Duration::from_millis(10);

/// How much is measured.
pub(crate) struct Extent {
    pub(crate) trials: u64,
    pub(crate) subscribers: usize,
    pub(crate) per_second: u64,
    pub(crate) seconds: u64,
}

struct Bench {
    stores: Stores,
    servers: [Service; 2],
    /// Of the account that follows.
    secret: String,
    people: u64,
}

/// Measures, and prints.
pub(crate) async fn measure(extent: &Extent) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let postgres = Servers::start("postgres", &["-c", "fsync=on"])?;
    let redis = Servers::start("redis", &[])?;
    let stack = Stack::on(&postgres.url).and(&redis.url, PREFIX);
    let stores = stack.open().await?;
    let secret = stack.command(&["service", "create", CLIENT, "--scope", SCOPES])?;
    let servers = [stack.serve(&folder.path().join("one.log"))?, stack.serve(&folder.path().join("two.log"))?];
    let mut bench = Bench { stores, servers, secret, people: 0 };
    println!("From the acknowledgement of a logout, on PostgreSQL and Redis, in milliseconds.\n");
    for (at, name) in ["the server that was told", "another server"].into_iter().enumerate() {
        let late = bench.one_at_a_time(at, extent.trials).await?;
        println!("refused by a sibling beside {name}, {} trials: {}", extent.trials, line(late));
    }
    let idle = bench.many(&Extent { subscribers: 0, ..*extent }).await?;
    let busy = bench.many(extent).await?;
    busy.print(extent, idle.cpu);
    Ok(())
}

fn line(mut late: Vec<Duration>) -> String {
    late.sort_unstable();
    let millis = |share| percentile(&late, share).as_secs_f64() * 1_000.0;
    let longest = late.last().copied().unwrap_or_default().as_secs_f64() * 1_000.0;
    format!("p50 {:.2}, p99 {:.2}, longest {longest:.2}", millis(0.5), millis(0.99))
}

/// What the many gave.
struct Outcomes {
    late: Vec<Duration>,
    lost: usize,
    again: u32,
    frames: u64,
    cpu: Duration,
}

impl Outcomes {
    fn print(self, extent: &Extent, without: Duration) {
        let Extent { subscribers, per_second, seconds, .. } = extent;
        let each = self.cpu.saturating_sub(without).as_secs_f64() * 1e6 / precise(self.frames.max(1));
        println!("\n{subscribers} subscribers of one server, {per_second} logouts a second for {seconds} s:");
        println!("known to each: {}; {} lost, {} logouts asked for again", line(self.late), self.lost, self.again);
        println!("{:.1} s of its cpu in all", self.cpu.as_secs_f64());
        println!("{} frames; {each:.1} µs of the server's cpu for each frame of each subscriber", self.frames);
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count")]
fn precise(count: u64) -> f64 {
    count as f64
}

impl Bench {
    async fn sign_in(&mut self, number: u64) -> Outcome<Vec<SignedIn>> {
        let (channel, secrets) = (connect(&self.servers[0].url).await?, Arc::new(secrets()?));
        let mut people = Vec::new();
        for person in self.people..self.people + number {
            people.push(SignedIn::open(&self.stores, channel.clone(), secrets.clone(), person).await?);
        }
        self.people += number;
        Ok(people)
    }

    /// Logouts at the first server; the sibling follows one of both.
    async fn one_at_a_time(&mut self, follows: usize, trials: u64) -> Outcome<Vec<Duration>> {
        let mut sibling = Sibling::beside(&self.servers[follows].url, CLIENT, &self.secret).await?;
        let mut late = Vec::new();
        for mut person in self.sign_in(trials).await? {
            let access = person.refresh().await?;
            if !sibling.lets_in(&access).await? {
                return Err("somebody who is signed in is refused".into());
            }
            person.log_out().await?;
            let acknowledged = Instant::now();
            sibling.refuses(&access).await?;
            late.push(acknowledged.elapsed());
            tokio::time::sleep(PAUSE).await;
        }
        Ok(late)
    }

    /// Logouts at a rate, at the server that all follow.
    async fn many(&mut self, extent: &Extent) -> Outcome<Outcomes> {
        let people = self.sign_in(extent.per_second * extent.seconds).await?;
        let ids = people.iter().map(|person| person.session.id.0.as_bytes().to_vec());
        let numbers: Numbers = Arc::new(ids.zip(0..).collect());
        let server = &self.servers[0];
        let subscribers = Subscribers::follow(&server.url, CLIENT, &self.secret, extent.subscribers).await?;
        let (start, before) = (Instant::now(), server.cpu()?);
        let mut receiving = subscribers.receive(&numbers, start, start + Duration::from_secs(extent.seconds));
        let (acknowledged, again) = log_out(people, extent.per_second, start).await?;
        let mut outcomes = Outcomes { late: Vec::new(), lost: 0, again, frames: 0, cpu: Duration::ZERO };
        while let Some(received) = receiving.join_next().await {
            outcomes.add(&received??, &acknowledged);
        }
        // As long, with and without those who follow.
        sleep_until(start + Duration::from_secs(extent.seconds + 1)).await;
        outcomes.cpu = server.cpu()? - before;
        Ok(outcomes)
    }
}

impl Outcomes {
    fn add(&mut self, received: &Received, acknowledged: &[Duration]) {
        self.frames += received.frames;
        for (at, acknowledged) in received.at.iter().zip(acknowledged) {
            match at {
                Some(at) => self.late.push(at.saturating_sub(*acknowledged)),
                None => self.lost += 1,
            }
        }
    }
}

/// Signs people out, so many in a second; when that was acknowledged to each, since
/// the start, and how often a busy server was asked again.
async fn log_out(people: Vec<SignedIn>, per_second: u64, start: Instant) -> Outcome<(Vec<Duration>, u32)> {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut leaving, mut acknowledged) = (JoinSet::new(), vec![Duration::ZERO; people.len()]);
    let each = usize::try_from(per_second)?.div_ceil(100);
    let mut people = people.into_iter().enumerate();
    loop {
        ticks.tick().await;
        let before = leaving.len();
        for (number, mut person) in people.by_ref().take(each) {
            leaving.spawn(async move {
                let again = person.log_out().await?;
                Outcome::Ok((number, start.elapsed(), again))
            });
        }
        if leaving.len() == before {
            break;
        }
    }
    let mut repeated = 0;
    while let Some(left) = leaving.join_next().await {
        let (number, at, again) = left??;
        acknowledged[number] = at;
        repeated += again;
    }
    Ok((acknowledged, repeated))
}
