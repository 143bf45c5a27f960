//! A PostgreSQL server of a test's own, which it may freeze, kill and start
//! again on the same port.

use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use rustix::process::{Pid, Signal, getuid, kill_process};
use sqlx::{ConnectOptions, postgres::PgConnectOptions};
use tempfile::TempDir;

use super::servers::{execute, postgres_tools};

/// A server that runs as a plain process; ends with the test.
pub struct Postgres {
    data: TempDir,
    tools: PathBuf,
    port: u16,
    settings: Vec<String>,
    process: Option<Child>,
}

impl Postgres {
    /// An empty server with some settings, such as `ssl=on`; `prepare` may put
    /// files beside its data.
    pub async fn start(settings: &[&str], prepare: impl FnOnce(&Path)) -> Self {
        let data = tempfile::tempdir().unwrap();
        prepare(data.path());
        let settings = settings.iter().map(ToString::to_string).collect();
        let mut server = Self { data, tools: postgres_tools().await, port: free_port(), settings, process: None };
        server.own_data();
        let mut initdb = server.command("initdb");
        initdb.args(["--auth", "trust", "--username", "postgres", "--encoding", "UTF8", "--locale", "C", "--no-sync"]);
        assert!(initdb.arg(server.folder()).stdout(Stdio::null()).status().unwrap().success());
        server.restart().await;
        server
    }

    /// Its default database.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Runs a statement.
    pub async fn execute(&self, statement: &str) {
        execute(&self.url(), statement.to_owned()).await;
    }

    /// Stops every process of it in its tracks: connections stay open, and
    /// nobody answers.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        self.freeze();
        self.signal(Signal::KILL);
        if let Some(mut process) = self.process.take() {
            process.wait().unwrap();
        }
    }

    /// Starts it, on the data and the port that it had, and waits until it answers.
    pub async fn restart(&mut self) {
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.folder()).arg("-k").arg(self.data.path()).args(["-p", &self.port.to_string()]);
        for setting in ["listen_addresses=127.0.0.1", "fsync=off"].into_iter().chain(self.settings.iter().map(|s| &**s))
        {
            command.args(["-c", setting]);
        }
        let log = fs::File::create(self.data.path().join("log")).unwrap();
        self.process = Some(command.stdout(Stdio::null()).stderr(log).spawn().unwrap());
        let options: PgConnectOptions = self.url().parse().unwrap();
        let patience = tokio::time::timeout(Duration::from_secs(120), async {
            while options.connect().await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        if patience.await.is_err() {
            panic!("{}", fs::read_to_string(self.data.path().join("log")).unwrap());
        }
    }

    fn folder(&self) -> PathBuf {
        self.data.path().join("db")
    }

    /// One of its tools, as a user that it is willing to run as; ends with us.
    fn command(&self, tool: &str) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "QUIT"]);
        if getuid().is_root() {
            command.args(["--reuid", "postgres", "--regid", "postgres", "--init-groups"]);
        }
        command.arg(self.tools.join(tool)).stdin(Stdio::null());
        command
    }

    /// PostgreSQL reads neither data nor keys of somebody else.
    fn own_data(&self) {
        if getuid().is_root() {
            assert!(Command::new("chown").args(["-R", "postgres"]).arg(self.data.path()).status().unwrap().success());
        }
    }

    /// To the server and to each process of it.
    fn signal(&self, signal: Signal) {
        let Some(server) = self.process.as_ref().map(Child::id) else { return };
        let send = |id: u32| kill_process(Pid::from_raw(id.cast_signed()).unwrap(), signal);
        let children = fs::read_to_string(format!("/proc/{server}/task/{server}/children")).unwrap();
        send(server).unwrap();
        for child in children.split_whitespace() {
            // It may have ended by itself.
            let _ = send(child.parse().unwrap());
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.thaw();
        let Some(mut process) = self.process.take() else { return };
        let id = Pid::from_raw(process.id().cast_signed()).unwrap();
        let _ = kill_process(id, Signal::QUIT);
        let _ = process.wait();
    }
}

/// Below those that the kernel gives away by itself: it has to be free at a
/// restart as well.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let candidates = std::iter::repeat_with(|| {
        let number = std::process::id().wrapping_mul(64).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        20_000 + u16::try_from(number % 12_000).unwrap()
    });
    candidates.take(1_000).find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).expect("a free port")
}
