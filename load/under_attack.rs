//! A server under attack, what it takes of memory, and how honest callers fare.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use sekisho::storage::Stores;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::{Instant, Interval, interval, timeout},
};

use crate::{
    Outcome,
    figures::percentile,
    servers::Service,
    signed_in::{SignedIn, connect},
    stack::{Stack, secrets},
};

/// Those who are signed in and refresh, each on a connection of its own.
const CALLERS: u64 = 8;
const REFRESH_EVERY: Duration = Duration::from_millis(50);
/// Those who come, get the keys and go.
const NEWCOMERS: usize = 4;
const COME_EVERY: Duration = Duration::from_millis(50);
/// An honest caller gives up after that.
const PATIENCE: Duration = Duration::from_secs(10);
/// Files that the server and this program have open for other things than the attack.
const OTHERS: u64 = 1_280;
const KEYS: &[u8] = b"GET /.well-known/jwks.json HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// The server and those who are honest.
pub(crate) struct Bench {
    pub(crate) service: Service,
    pub(crate) stores: Stores,
    callers: Vec<SignedIn>,
    _folder: TempDir,
}

/// How a kind of call went.
#[derive(Default)]
struct Calls {
    latencies: Vec<Duration>,
    failed: u64,
}

/// How honest callers fared in a time.
pub(crate) struct Fare {
    refreshes: Calls,
    newcomers: Calls,
}

impl Bench {
    /// On a SQLite file.
    pub(crate) async fn start() -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        Self::on(Stack::in_folder(folder.path()), folder).await
    }

    /// With the stack that is in that folder.
    pub(crate) async fn on(stack: Stack, folder: TempDir) -> Outcome<Self> {
        let stores = stack.open().await?;
        let service = stack.serve(&folder.path().join("server.log"))?;
        let (secrets, mut callers) = (Arc::new(secrets()?), Vec::new());
        for person in 0..CALLERS {
            let channel = connect(&service.url).await?;
            callers.push(SignedIn::open(&stores, channel, secrets.clone(), person).await?);
        }
        Ok(Self { service, stores, callers, _folder: folder })
    }

    /// Where the server listens.
    pub(crate) fn address(&self) -> Outcome<SocketAddr> {
        Ok(self.service.url.trim_start_matches("http://").parse()?)
    }

    /// Lets the honest call for a time.
    pub(crate) async fn fare(&mut self, time: Duration) -> Outcome<Fare> {
        let (end, address) = (Instant::now() + time, self.address()?);
        let (mut refreshing, mut coming) = (JoinSet::new(), JoinSet::new());
        for mut caller in self.callers.drain(..) {
            let mut pace = Pace::new(REFRESH_EVERY, end);
            refreshing.spawn(async move {
                while pace.next().await {
                    pace.call(caller.refresh()).await;
                }
                (caller, pace.calls)
            });
        }
        for _ in 0..NEWCOMERS {
            let mut pace = Pace::new(COME_EVERY, end);
            coming.spawn(async move {
                while pace.next().await {
                    pace.call(get_keys(address)).await;
                }
                pace.calls
            });
        }
        let mut fare = Fare { refreshes: Calls::default(), newcomers: Calls::default() };
        while let Some(done) = refreshing.join_next().await {
            let (caller, calls) = done?;
            self.callers.push(caller);
            fare.refreshes.add(calls);
        }
        while let Some(done) = coming.join_next().await {
            fare.newcomers.add(done?);
        }
        Ok(fare)
    }

    /// Prints how they fare in peace, under an attack and after it. The attack goes on
    /// until it is told to end; what it returns is printed.
    pub(crate) async fn measure<A>(
        &mut self,
        time: Duration,
        attack: impl FnOnce(SocketAddr, Arc<End>) -> A,
    ) -> Outcome<()>
    where
        A: Future<Output = Outcome<String>> + Send + 'static,
    {
        let peace = self.fare(time).await?;
        let idle = self.service.resident("VmRSS")?;
        peace.print("in peace");
        let end = Arc::new(End::default());
        let attack = tokio::spawn(attack(self.address()?, end.clone()));
        end.ready.notified().await;
        let attacked = self.fare(time).await?;
        attacked.print("under attack");
        end.is_now.store(true, Relaxed);
        let told = attack.await??;
        let most = self.service.resident("VmHWM")?;
        println!("{told}");
        println!("memory: {:.0} MiB in peace, {:.0} MiB at most, {:+.0}", mib(idle), mib(most), mib(most) - mib(idle));
        self.fare(time).await?.print("afterwards");
        Ok(())
    }
}

/// Of an attack.
#[derive(Default)]
pub(crate) struct End {
    is_now: AtomicBool,
    /// It has begun in full.
    pub(crate) ready: tokio::sync::Notify,
    /// What it has done.
    pub(crate) sent: AtomicU64,
    /// How often the server ended a connection.
    pub(crate) cut: AtomicU64,
}

impl End {
    pub(crate) fn is_now(&self) -> bool {
        self.is_now.load(Relaxed)
    }
}

impl Calls {
    fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.failed += other.failed;
    }

    fn line(mut self) -> String {
        self.latencies.sort_unstable();
        let millis = |share| percentile(&self.latencies, share).as_secs_f64() * 1_000.0;
        let of = self.latencies.len() as u64 + self.failed;
        format!("p50 {:.2} ms, p99 {:.2} ms, {} of {of} failed", millis(0.5), millis(0.99), self.failed)
    }
}

impl Fare {
    pub(crate) fn print(self, when: &str) {
        println!("{when:>12}: refreshes {}", self.refreshes.line());
        println!("{:>12}  newcomers {}", "", self.newcomers.line());
    }
}

/// Calls again and again, until an end.
struct Pace {
    ticks: Interval,
    end: Instant,
    calls: Calls,
}

impl Pace {
    fn new(pause: Duration, end: Instant) -> Self {
        Self { ticks: interval(pause), end, calls: Calls::default() }
    }

    /// Whether it is time for one more.
    async fn next(&mut self) -> bool {
        self.ticks.tick().await;
        Instant::now() < self.end
    }

    async fn call<T>(&mut self, call: impl Future<Output = Outcome<T>>) {
        let start = Instant::now();
        match timeout(PATIENCE, call).await {
            Ok(Ok(_)) => self.calls.latencies.push(start.elapsed()),
            _ => self.calls.failed += 1,
        }
    }
}

async fn get_keys(address: SocketAddr) -> Outcome<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(KEYS).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    if answer.starts_with(b"HTTP/1.1 200") { Ok(()) } else { Err("no answer".into()) }
}

/// As many connections as the limit of open files lets the server keep beside those of
/// honest callers; says so if that is too few.
pub(crate) fn open_files(wanted: u64) -> Outcome<u64> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?;
    let may = limit.maximum.map_or(wanted, |files| files.saturating_sub(OTHERS).min(wanted));
    if may < wanted {
        println!("only {may} of {wanted} connections: no more files may be open (ulimit -Hn)");
    }
    Ok(may)
}

#[expect(clippy::cast_precision_loss, reason = "numbers to be read")]
fn mib(kibibytes: u64) -> f64 {
    kibibytes as f64 / 1024.0
}
