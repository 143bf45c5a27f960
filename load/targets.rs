//! What refreshes are measured on, each ready for its callers.

use std::{path::Path, process::Command, sync::Arc, time::Duration};

use sekisho::storage::Stores;
use serde_json::{Value, json};

use crate::{
    Outcome,
    callers::{self, Caller, TextbookCaller},
    figures::Figures,
    limit::Limit,
    servers::{Servers, Service, folder},
    signed_in::{SignedIn, connect},
    stack::{PREFIX, Stack, secrets},
};

/// How many call at a time.
pub(crate) const CALLERS: [usize; 2] = [16, 64];
/// Before a round is measured.
const WARM_UP: Duration = Duration::from_secs(1);
/// On which callers over HTTP/2 share their way, as behind a proxy.
const CONNECTIONS: usize = 4;
/// What Redis alone is asked for in a second of a round, which it takes for it
/// by and large.
const COMMANDS_A_SECOND: u64 = 20_000;

pub(crate) const ON_REDIS: &str = "sekisho, PostgreSQL and Redis";
pub(crate) const BARE: &str = "bare tonic, fred, EdDSA";
pub(crate) const TEXTBOOK: &str = "textbook, Fastify";
pub(crate) const ALONE: &str = "redis-benchmark";

/// What is measured.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    load: Load,
    rounds: [Vec<Figures>; CALLERS.len()],
    /// Ends with this.
    service: Option<Service>,
}

enum Load {
    Callers(Vec<Caller>),
    Commands(Limit),
}

impl Target {
    fn new(name: &'static str, load: Load, service: Option<Service>) -> Self {
        Self { name, load, rounds: Default::default(), service }
    }

    /// One round, at each number of callers.
    pub(crate) async fn measure(&mut self, seconds: Duration) -> Outcome<()> {
        for (at, number) in CALLERS.into_iter().enumerate() {
            let figures = match &mut self.load {
                Load::Commands(limit) => limit.run(number, seconds.as_secs() * COMMANDS_A_SECOND).await?,
                Load::Callers(callers) => {
                    let some = callers.split_off(callers.len() - number);
                    let warm = callers::for_a_time(some, WARM_UP).await.map_err(|error| self.fault(error))?.0;
                    let before = self.cpu()?;
                    let (called, mut figures) = callers::for_a_time(warm, seconds).await?;
                    let taken = self.cpu()? - before;
                    figures.cpu = taken.as_secs_f64() * 1e6 / (figures.per_second * seconds.as_secs_f64());
                    self.callers_mut()?.extend(called);
                    figures
                }
            };
            self.rounds[at].push(figures);
        }
        Ok(())
    }

    fn cpu(&self) -> Outcome<Duration> {
        self.service.as_ref().map_or(Ok(Duration::ZERO), Service::cpu)
    }

    /// A number of its service's own.
    pub(crate) async fn metric(&self, name: &str) -> Outcome<String> {
        let service = self.service.as_ref().ok_or("no service")?;
        let page = reqwest::get(format!("{}/metrics", service.ops)).await?.text().await?;
        let value = page.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        Ok(value.ok_or_else(|| format!("no {name}"))?.to_owned())
    }

    fn fault(&self, error: tower::BoxError) -> String {
        format!("{}: {error}", self.name)
    }

    /// Those who call, if anybody does.
    pub(crate) fn callers_mut(&mut self) -> Outcome<&mut Vec<Caller>> {
        match &mut self.load {
            Load::Callers(callers) => Ok(callers),
            Load::Commands(_) => Err("nobody calls".into()),
        }
    }

    /// For each number of callers.
    pub(crate) fn medians(&self) -> impl Iterator<Item = Figures> {
        self.rounds.iter().map(|rounds| Figures::median(rounds))
    }
}

/// Starts all of them on these servers, with their files in a folder.
pub(crate) async fn start(folder: &Path, postgres: &Servers, redis: &Servers) -> Outcome<Vec<Target>> {
    let on_redis = Stack::on(&postgres.url).and(&redis.url, PREFIX);
    let stores = on_redis.open().await?;
    let log = |name: &str| folder.join(name);
    let mut targets = vec![
        sekisho("sekisho, SQLite", &Stack::in_folder(folder), &log("sqlite.log"), 0).await?,
        sekisho("sekisho, PostgreSQL", &Stack::on(&postgres.url), &log("postgres.log"), 1_000).await?,
        sekisho(ON_REDIS, &on_redis, &log("redis.log"), 2_000).await?,
        bare(redis, &stores, 3_000).await?,
    ];
    match textbook(&redis.url) {
        Ok(service) => targets.push(over_rest(TEXTBOOK, service).await?),
        Err(error) => println!("without the textbook design: {error}\n"),
    }
    targets.push(Target::new(ALONE, Load::Commands(Limit::prepare(&redis.url, &stores).await?), None));
    Ok(targets)
}

/// The bare handler on that Redis.
pub(crate) async fn bare(redis: &Servers, stores: &Stores, people_from: u64) -> Outcome<Target> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["bare", &redis.url]);
    over_grpc(BARE, Service::start(command)?, stores, people_from).await
}

/// The service on a stack.
pub(crate) async fn sekisho(name: &'static str, stack: &Stack, log: &Path, people_from: u64) -> Outcome<Target> {
    let stores = stack.open().await?;
    over_grpc(name, stack.serve(log)?, &stores, people_from).await
}

/// Callers over gRPC, with sessions of people from a number on.
async fn over_grpc(name: &'static str, service: Service, stores: &Stores, people_from: u64) -> Outcome<Target> {
    let (secrets, mut channels) = (Arc::new(secrets()?), Vec::new());
    for _ in 0..CONNECTIONS {
        channels.push(connect(&service.url).await?);
    }
    let mut callers = Vec::new();
    for (person, channel) in (people_from..).zip(channels.iter().cycle()).take(CALLERS[1]) {
        let caller = SignedIn::open(stores, channel.clone(), secrets.clone(), person).await?;
        callers.push(Caller::Grpc(Box::new(caller)));
    }
    Ok(Target::new(name, Load::Callers(callers), Some(service)))
}

/// Callers over HTTP/1.1, each with a connection that is kept.
async fn over_rest(name: &'static str, service: Service) -> Outcome<Target> {
    let mut callers = Vec::new();
    for person in 0..CALLERS[1] {
        let (client, client_id) = (reqwest::Client::builder().http1_only().build()?, "laptop".to_owned());
        let body = json!({"user": format!("person-{person}"), "client_id": client_id});
        let answer: Value = client.post(format!("{}/login", service.url)).json(&body).send().await?.json().await?;
        let token = answer["refresh_token"].as_str().ok_or("no token")?.to_owned();
        callers.push(Caller::Textbook(TextbookCaller { client, url: service.url.clone(), client_id, token }));
    }
    Ok(Target::new(name, Load::Callers(callers), Some(service)))
}

fn textbook(redis: &str) -> Outcome<Service> {
    let (_, port) = redis.rsplit_once(':').ok_or("no port")?;
    let mut command = Command::new("node");
    command.arg(folder().join("textbook/server.js")).arg(port).env("NODE_ENV", "production");
    Service::start(command)
}
