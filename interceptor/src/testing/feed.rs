use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
    task::{AbortHandle, JoinHandle},
};
use tonic::{
    Status,
    transport::{Server, server::TcpIncoming},
};

use crate::{
    proto::{token_service_server::TokenServiceServer, watch_revocations_response::Frame},
    revocations::Entry,
    testing::{
        issuer::{TestIssuer, TestKitError},
        script::{Heard, Script},
        server::{self, FakeServer},
    },
};

const HEARTBEAT: Duration = Duration::from_millis(50);

/// The feed of a [`TestIssuer`], on a loopback port of its own: well-behaved, until it is
/// told not to be.
///
/// ```
/// # tokio::runtime::Runtime::new().unwrap().block_on(async {
/// use std::{sync::Arc, time::Duration};
/// use sekisho_interceptor::{
///     Entry, KeySource, RevocationSource, Trust, system_clock,
///     testing::{FakeFeed, TestIssuer},
/// };
/// use uuid::Uuid;
///
/// let issuer = Arc::new(TestIssuer::new("http://localhost", system_clock())?);
/// let feed = FakeFeed::start(issuer.clone()).await?;
/// let trust = Trust::at(feed.address()).client(FakeFeed::CLIENT_ID, FakeFeed::SECRET).start()?;
/// trust.ready(Duration::from_secs(10)).await?;
///
/// let token = issuer.person(Uuid::from_u128(1));
/// let mut changes = trust.changes();
/// feed.revoke(Entry::User { sub: token.claims().sub, not_before: token.claims().iat, expires_at: token.claims().exp });
/// changes.changed().await?;
/// assert!(trust.strikes(token.claims()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # }).unwrap();
/// ```
pub struct FakeFeed {
    server: FakeServer,
    address: SocketAddr,
    heartbeats: AbortHandle,
    running: Option<Running>,
}

struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl FakeFeed {
    /// The client id of the only account it knows.
    pub const CLIENT_ID: &str = server::CLIENT_ID;
    /// The secret of that account.
    pub const SECRET: &str = server::SECRET;

    /// Serves on a free loopback port, with a heartbeat each 50 ms.
    ///
    /// # Errors
    ///
    /// [`TestKitError::Socket`].
    pub async fn start(issuer: Arc<TestIssuer>) -> Result<Self, TestKitError> {
        let script = Arc::new(Mutex::new(Script::new(issuer)));
        let server = FakeServer { script, heard: watch::Sender::new(Heard::default()) };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let heartbeats = tokio::spawn(heartbeats(server.clone())).abort_handle();
        let running = Some(serve(server.clone(), listener));
        Ok(Self { server, address, heartbeats, running })
    }

    /// `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it was asked for: changes with each request.
    #[must_use]
    pub fn heard(&self) -> watch::Receiver<Heard> {
        self.server.heard.subscribe()
    }

    /// Takes something back, and tells everybody.
    pub fn revoke(&self, entry: Entry) {
        self.revoke_all(&[entry]);
    }

    /// Takes several back in one frame.
    pub fn revoke_all(&self, entries: &[Entry]) {
        let mut script = self.server.script();
        let frame = script.append(entries);
        script.send(&frame);
    }

    /// Takes something back, and tells nobody: a message that is lost on the way.
    pub fn lose(&self, entry: Entry) {
        self.server.script().append(&[entry]);
    }

    /// Takes something back, and says so twice.
    pub fn duplicate(&self, entry: Entry) {
        let mut script = self.server.script();
        let frame = script.append(&[entry]);
        script.send(&frame);
        script.send(&frame);
    }

    /// Takes two back, and tells of the latter first.
    pub fn reorder(&self, first: Entry, second: Entry) {
        let mut script = self.server.script();
        let frames = [script.append(&[first]), script.append(&[second])];
        script.send(&frames[1]);
        script.send(&frames[0]);
    }

    /// Sends a revocation of nothing: one of a kind that is not known yet.
    pub fn malformed(&self) {
        let mut script = self.server.script();
        let Frame::Delta(mut delta) = script.append(&[]) else { return };
        delta.revocations.push(crate::proto::Revocation::default());
        script.send(&Frame::Delta(delta));
    }

    /// Loses its history, as a journal restored from a copy does: another epoch, with the
    /// first `kept` revocations.
    pub fn new_epoch(&self, kept: usize) {
        let mut script = self.server.script();
        script.epoch += 1;
        script.journal.truncate(kept);
        script.sequence = script.journal.len() as u64;
        end(&mut script);
    }

    /// Snapshots say one more than they hold, or no longer do.
    pub fn short_snapshots(&self, short: bool) {
        self.server.script().short = short;
    }

    /// Says nothing more on its streams, which stay open, and nothing on new ones.
    pub fn pause(&self) {
        self.server.script().paused = true;
    }

    /// Goes on after [`FakeFeed::pause`].
    pub fn resume(&self) {
        self.server.script().paused = false;
    }

    /// Ends every stream, as a server does that is told to stop.
    pub fn drop_streams(&self) {
        end(&mut self.server.script());
    }

    /// Heartbeats say that the journal was read so long ago.
    pub fn behind(&self, behind: Duration) {
        self.server.script().behind = behind;
    }

    /// Whether the account may have the feed.
    pub fn permit(&self, permitted: bool) {
        let mut script = self.server.script();
        script.permitted = permitted;
        end(&mut script);
    }

    /// Whether introspection never answers.
    pub fn stuck(&self, stuck: bool) {
        self.server.script().stuck = stuck;
    }

    /// How long the service tokens live that it issues from here on.
    pub fn token_seconds(&self, seconds: u32) {
        self.server.script().token_seconds = seconds;
    }

    /// Sends the issuer's keys as they are now.
    pub fn publish_keys(&self) {
        let mut script = self.server.script();
        script.jwks = None;
        let frame = Frame::Keys(script.keys());
        script.send(&frame);
    }

    /// Sends this JWK set, and has it when it is asked.
    pub fn publish_jwks(&self, jwks: Value) {
        let mut script = self.server.script();
        script.jwks = Some(jwks);
        let frame = Frame::Keys(script.keys());
        script.send(&frame);
    }

    /// Is gone: nobody answers at its address.
    pub async fn stop(&mut self) {
        if let Some(Running { stop, mut task }) = self.running.take() {
            // Nobody to tell means that it has ended already.
            let _ = stop.send(());
            loop {
                end(&mut self.server.script());
                tokio::select! {
                    _ = &mut task => return,
                    () = tokio::time::sleep(Duration::from_millis(5)) => {}
                }
            }
        }
    }

    /// Is back at the same address, with all that it knew.
    ///
    /// # Errors
    ///
    /// [`TestKitError::Socket`].
    pub async fn serve_again(&mut self) -> Result<(), TestKitError> {
        if self.running.is_none() {
            let listener = TcpListener::bind(self.address).await?;
            self.running = Some(serve(self.server.clone(), listener));
        }
        Ok(())
    }
}

impl Drop for FakeFeed {
    fn drop(&mut self) {
        self.heartbeats.abort();
        if let Some(running) = &self.running {
            running.task.abort();
        }
        end(&mut self.server.script());
    }
}

impl fmt::Debug for FakeFeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeFeed").field("address", &self.address).finish_non_exhaustive()
    }
}

fn end(script: &mut Script) {
    for subscriber in script.subscribers.drain(..) {
        // One that is gone need not be told.
        let _ = subscriber.send(Err(Status::unavailable("go elsewhere")));
    }
}

fn serve(server: FakeServer, listener: TcpListener) -> Running {
    let (stop, stopped) = oneshot::channel();
    let router = Server::builder().add_service(TokenServiceServer::new(server));
    let task = tokio::spawn(async move {
        let stopped = async {
            // A handle that is gone stops it as well.
            let _ = stopped.await;
        };
        let served = router.serve_with_incoming_shutdown(TcpIncoming::from(listener), stopped).await;
        if let Err(error) = served {
            tracing::warn!(%error, "the fake feed ended");
        }
    });
    Running { stop, task }
}

async fn heartbeats(server: FakeServer) {
    let mut ticks = tokio::time::interval(HEARTBEAT);
    loop {
        ticks.tick().await;
        let mut script = server.script();
        if !script.paused {
            let frame = script.heartbeat();
            script.send(&frame);
        }
    }
}
