//! One common password tried on many accounts, of which half exist: first from one
//! address, then from another address of one /64 at each attempt. Each attempt names
//! another client, so that only the budget of the network is in its way.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, OnceLock, atomic::Ordering::Relaxed},
    time::Duration,
};

use sekisho::{
    clock::{Clock, SystemClock},
    domain::{ClientId, Email},
    entropy::{Entropy, SystemEntropy},
    storage::{Stores, limits::Rate},
};
use serde_json::json;
use tokio::{task::JoinSet, time::Instant};

use crate::{
    Outcome,
    accounts::{self, PASSWORD},
    answer::{Answer, DONE, Tally},
    stack::Stack,
    under_attack::{Bench, End},
};

/// Of bcrypt: the least that `serve` takes.
const COST: u32 = 10;
/// Attempts at a time.
const AT_ONCE: usize = 32;
const COMMON: &str = "Summer2026!";
const CHECKED: &str = "INVALID_CREDENTIALS";
const LIMITED: &str = "RATE_LIMIT_EXCEEDED";
/// Of an owner whose account is tried like the others, and where the owner signs in from.
const DEVICE: &str = "phone";
const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));

/// Where the attempts come from.
#[derive(Clone, Copy)]
enum Origin {
    Address,
    Network,
}

impl Origin {
    fn name(self) -> &'static str {
        match self {
            Self::Address => "one address",
            Self::Network => "another address of one /64 each time",
        }
    }

    /// Of addresses for documentation (RFC 5737, RFC 3849).
    fn address(self) -> IpAddr {
        let entropy: &dyn Entropy = &SystemEntropy;
        match self {
            Self::Address => Ipv4Addr::new(192, 0, 2, 7).into(),
            Self::Network => {
                let host = u64::from_be_bytes(entropy.bytes());
                Ipv6Addr::from_bits(0x2001_0db8_0001_0002 << 64 | u128::from(host)).into()
            }
        }
    }
}

/// Measures, and prints.
///
/// # Errors
///
/// Where more passwords were checked than `docs/limits.md` allows a network, none was
/// refused for it, or an owner could not sign in.
pub(crate) async fn measure(accounts: u64, time: Duration) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let stack = Stack::in_folder(folder.path()).with("SEKISHO_TRUSTED_PROXIES", "127.0.0.1");
    let stack = stack.with("SEKISHO_BCRYPT_COST", &COST.to_string());
    let limit = stack.config()?.limits.guess_network;
    let mut bench = Bench::on(stack, folder).await?;
    let known = (0..accounts).filter(|number| is_known(*number)).map(email);
    accounts::create(&bench.stores, known, COST).await?;
    remember(&bench.stores, &email(0), DEVICE).await?;

    let mut broken = Vec::new();
    for from in [Origin::Address, Origin::Network] {
        println!("One password on {accounts} accounts, from {}.\n", from.name());
        let wave = Arc::new(Wave { from, accounts, limit, told: OnceLock::new() });
        let attacking = wave.clone();
        bench.measure(time, move |address, end| spray(address, end, attacking)).await?;
        broken.extend(wave.told.get().and_then(|told| told.judge(limit.count)));
        let owner = log_in(&reqwest::Client::new(), bench.address()?, ELSEWHERE, &email(0), PASSWORD, DEVICE).await?;
        println!("an owner signs in from elsewhere, on a known client: {}\n", owner.reason);
        if owner.reason != DONE {
            broken.push("an owner could not sign in".to_owned());
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(broken.join("; ").into()) }
}

/// As if somebody had signed in on a client before.
async fn remember(stores: &Stores, email: &str, client_id: &str) -> Outcome<()> {
    let email = Email::parse(email).map_err(|_| "no address")?;
    let client_id = ClientId::parse(client_id).map_err(|_| "no client id")?;
    let account = stores.accounts.by_email(&email).await?.ok_or("no account")?;
    stores.accounts.remember(account.id, &client_id, SystemClock.now(), None).await?;
    Ok(())
}

fn is_known(number: u64) -> bool {
    number.is_multiple_of(2)
}

fn email(number: u64) -> String {
    format!("person-{number:06}@example.com")
}

/// When an attempt was answered, and how.
type Answered = (Instant, String);

async fn spray(address: SocketAddr, end: Arc<End>, wave: Arc<Wave>) -> Outcome<String> {
    let (start, mut attackers) = (Instant::now(), JoinSet::new());
    for _ in 0..AT_ONCE {
        attackers.spawn(attack(address, end.clone(), wave.clone()));
    }
    end.ready.notify_one();
    let mut answers = Vec::new();
    while let Some(done) = attackers.join_next().await {
        answers.extend(done??);
    }
    answers.sort_unstable();
    let took = answers.last().map(|(at, _)| *at - start).unwrap_or_default();
    let told = wave.told.get_or_init(|| Told::of(&answers, took, wave.limit));
    Ok(told.to_string())
}

async fn attack(address: SocketAddr, end: Arc<End>, wave: Arc<Wave>) -> Outcome<Vec<Answered>> {
    let (http, mut answers) = (reqwest::Client::builder().http1_only().build()?, Vec::new());
    while !end.is_now() {
        let number = end.sent.fetch_add(1, Relaxed);
        let (email, client_id) = (email(number % wave.accounts), format!("client-{number}"));
        let answer = log_in(&http, address, wave.from.address(), &email, COMMON, &client_id).await?;
        answers.push((Instant::now(), answer.reason));
    }
    Ok(answers)
}

/// As somebody of whom a proxy says where the call comes from.
async fn log_in(
    http: &reqwest::Client,
    server: SocketAddr,
    from: IpAddr,
    email: &str,
    password: &str,
    client_id: &str,
) -> Outcome<Answer> {
    let body = json!({"email": email, "password": password, "client_id": client_id});
    let request = http.post(format!("http://{server}/api/v1/auth/login")).json(&body);
    Answer::over_rest(request.header("x-forwarded-for", from.to_string())).await
}

/// Of attempts from a network that has made none yet.
struct Wave {
    from: Origin,
    accounts: u64,
    /// Of a network.
    limit: Rate,
    told: OnceLock<Told>,
}

/// What the attackers were told.
struct Told {
    tally: Tally,
    /// Passwords that were checked, by what was answered before the first refusal.
    before: usize,
    took: Duration,
    allowed: u64,
}

impl Told {
    fn of(answers: &[Answered], took: Duration, limit: Rate) -> Self {
        let mut tally = Tally::default();
        answers.iter().for_each(|(_, reason)| tally.add(reason));
        let unlimited = answers.iter().take_while(|(_, reason)| reason != LIMITED);
        let before = unlimited.filter(|(_, reason)| reason == CHECKED).count();
        Self { tally, before, took, allowed: allowed(limit, took) }
    }

    /// What is wrong with it. Fewer than there are at once would show nothing: something
    /// else was in the way, or the proxy was not believed and the budget not a new one.
    fn judge(&self, at_once: u32) -> Option<String> {
        let checked = self.tally.of(CHECKED);
        if checked > self.allowed {
            return Some(format!("{checked} passwords were checked, {} are allowed", self.allowed));
        }
        let is_met = self.tally.of(LIMITED) > 0 && checked >= u64::from(at_once);
        (!is_met).then(|| "the limit of the network was not met: try more accounts, or for longer".to_owned())
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (all, seconds, checked) = (self.tally.all(), self.took.as_secs_f64(), self.tally.of(CHECKED));
        writeln!(f, "{all} attempts in {seconds:.1} s: {}", self.tally)?;
        write!(f, "{checked} passwords were checked, {} before the first refusal; ", self.before)?;
        write!(f, "the limit allows {} in that time", self.allowed)
    }
}

/// At once, and what grows back.
fn allowed(limit: Rate, time: Duration) -> u64 {
    let grown = time.as_micros() / limit.interval().as_micros().max(1);
    u64::from(limit.count) + u64::try_from(grown).unwrap_or(u64::MAX - u64::from(limit.count))
}
