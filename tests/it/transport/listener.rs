//! A listener with bounds of its own, and calls that last as long as they are told to.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use axum::body::Body;
use http::{Request, Response};
use sekisho::{
    entropy::SystemEntropy,
    server::{self, Limits, Manner},
    telemetry::Metrics,
    tls::{PeerIdentity, Tls},
};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::client;

/// A path whose calls are held.
pub const HELD: &str = "/held";
const GRACE: Duration = Duration::from_secs(30);

/// What calls do.
#[derive(Default)]
struct Calls {
    running: AtomicUsize,
    most: AtomicUsize,
    begun: Gate,
    go_on: Gate,
}

/// Closed at first.
struct Gate(Semaphore);

impl Default for Gate {
    fn default() -> Self {
        Self(Semaphore::new(0))
    }
}

impl Gate {
    fn let_through(&self, number: usize) {
        self.0.add_permits(number);
    }

    async fn pass(&self) {
        self.0.acquire().await.unwrap().forget();
    }
}

struct Held<'a>(&'a AtomicUsize);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl Calls {
    /// `/held` waits; the answer is who the caller is by its certificate.
    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        if request.uri().path() == HELD {
            let running = self.running.fetch_add(1, SeqCst) + 1;
            let _held = Held(&self.running);
            self.most.fetch_max(running, SeqCst);
            self.begun.let_through(1);
            self.go_on.pass().await;
        }
        let identity = request.extensions().get::<Arc<PeerIdentity>>();
        Response::new(Body::from(format!("{identity:?}")))
    }
}

pub struct Listener {
    pub address: SocketAddr,
    stop: CancellationToken,
    served: JoinHandle<()>,
    calls: Arc<Calls>,
    metrics: Arc<Metrics>,
}

impl Listener {
    pub async fn start(limits: Limits) -> Self {
        Self::with(limits, None, GRACE).await
    }

    pub async fn with(limits: Limits, tls: Option<Arc<Tls>>, grace: Duration) -> Self {
        let (stop, calls, metrics) = (CancellationToken::new(), Arc::<Calls>::default(), Arc::<Metrics>::default());
        let manner = Manner { name: "test", limits, tls, entropy: Arc::new(SystemEntropy), metrics: metrics.clone() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let answering = calls.clone();
        let service = tower::service_fn(move |request| {
            let calls = answering.clone();
            async move { Ok::<_, Infallible>(calls.answer(request).await) }
        });
        let served = tokio::spawn(server::serve(listener, service, manner, stop.clone(), grace));
        Self { address, stop, served, calls, metrics }
    }

    /// Waits until a held call has begun.
    pub async fn has_begun(&self) {
        self.calls.begun.pass().await;
    }

    /// Lets held calls go on.
    pub fn let_go(&self, number: usize) {
        self.calls.go_on.let_through(number);
    }

    /// How many were held at once, at most.
    pub fn most(&self) -> usize {
        self.calls.most.load(SeqCst)
    }

    pub fn running(&self) -> usize {
        self.calls.running.load(SeqCst)
    }

    /// Whether somebody new is served.
    pub async fn serves(&self) -> bool {
        let Ok(stream) = tokio::net::TcpStream::connect(self.address).await else { return false };
        client::get(stream, "/").await.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
    }

    /// How many connections ended like this.
    pub fn ended(&self, end: &str) -> u64 {
        self.metric(&format!("sekisho_connections_ended_total{{listener=\"test\",end=\"{end}\"}} "))
    }

    pub fn refused(&self) -> u64 {
        self.metric("sekisho_connections_refused_total{listener=\"test\"} ")
    }

    pub fn connections(&self) -> u64 {
        self.metric("sekisho_connections{listener=\"test\"} ")
    }

    fn metric(&self, line: &str) -> u64 {
        let text = self.metrics.render();
        text.lines().find_map(|found| found.strip_prefix(line)?.parse().ok()).unwrap_or(0)
    }

    /// Asks it to stop.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Waits for its end.
    pub async fn stopped(self) {
        self.served.await.unwrap();
    }
}
