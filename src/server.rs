//! Listening: connections of HTTP/1.1 and HTTP/2 on a socket, with or without TLS,
//! each bounded, and their end when the service stops.

mod connection;
mod ending;
mod life;
mod limits;
mod unread;

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use axum::body::Body;
use http::{Request, Response};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service;

pub use connection::Closing;
pub use ending::end_with_connection;
pub use limits::Limits;
pub use unread::Overfull;

use self::{
    connection::{End, Terms},
    unread::Room,
};
use crate::{entropy::Entropy, telemetry::Metrics, tls::Tls};

/// After an accept that failed, as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How a listener serves.
#[derive(Clone)]
pub struct Manner {
    /// Its name in metrics.
    pub name: &'static str,
    /// Its bounds.
    pub limits: Limits,
    /// Its certificate; `None`: it speaks in the clear.
    pub tls: Option<Arc<Tls>>,
    /// What spreads the ends of connections.
    pub entropy: Arc<dyn Entropy>,
    /// Where connections are counted.
    pub metrics: Arc<Metrics>,
}

/// Serves until `stop`, then waits for calls in flight, at most `grace`.
pub async fn serve<S>(listener: TcpListener, service: S, manner: Manner, stop: CancellationToken, grace: Duration)
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    let connections = Connections::new(service, manner, stop.clone());
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => connections.admit(stream, peer),
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    connections.end(grace).await;
}

/// The connections of a listener.
struct Connections<S> {
    name: &'static str,
    terms: Arc<Terms<S>>,
    metrics: Arc<Metrics>,
    places: Arc<Semaphore>,
    tasks: TaskTracker,
    /// Ends what is left.
    cut: CancellationToken,
}

impl<S> Connections<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    fn new(service: S, manner: Manner, stop: CancellationToken) -> Self {
        let Manner { name, limits, tls, entropy, metrics } = manner;
        let places = Arc::new(Semaphore::new(limits.connections.min(Semaphore::MAX_PERMITS)));
        let room = Arc::new(Room::new(&limits, metrics.clone()));
        let terms = Terms { service, builder: limits.builder(), limits, tls, entropy, stop, room };
        let (tasks, cut) = (TaskTracker::new(), CancellationToken::new());
        Self { name, terms: Arc::new(terms), metrics, places, tasks, cut }
    }

    /// Serves a connection in a task of its own. One too many is closed: it would
    /// wait in vain otherwise, and whoever is in front of us would not know.
    fn admit(&self, stream: TcpStream, peer: SocketAddr) {
        let Ok(place) = self.places.clone().try_acquire_owned() else {
            return self.metrics.connection_refused(self.name);
        };
        self.metrics.connections(self.name, 1);
        let (terms, cut) = (self.terms.clone(), self.cut.child_token());
        let leaving = Leaving { name: self.name, metrics: self.metrics.clone(), _place: place };
        self.tasks.spawn(async move {
            let end = tokio::select! {
                biased;
                end = terms.serve(stream, peer) => end,
                () = cut.cancelled() => End::Stopped,
            };
            leaving.metrics.connection_ended(leaving.name, end.word());
        });
    }

    async fn end(&self, grace: Duration) {
        self.tasks.close();
        if tokio::time::timeout(grace, self.tasks.wait()).await.is_err() {
            tracing::warn!(listener = self.name, "connections were cut at the end of the grace");
            self.cut.cancel();
            self.tasks.wait().await;
        }
    }
}

/// Gives the place of a connection back, whatever ends it.
struct Leaving {
    name: &'static str,
    metrics: Arc<Metrics>,
    _place: OwnedSemaphorePermit,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        self.metrics.connections(self.name, -1);
    }
}
