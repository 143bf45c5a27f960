//! The life of one connection: handshake, calls, and one end.

use std::{convert::Infallible, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use axum::body::Body;
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::{sleep, timeout},
};
use tokio_util::{io::InspectReader, sync::CancellationToken};
use tower::{Service, ServiceExt};

use super::{
    Limits,
    life::Life,
    unread::{Overfull, Room, Share},
};
use crate::{
    entropy::Entropy,
    tls::{PeerIdentity, Tls},
};

/// Among the extensions of a request: cancelled when its connection takes no more
/// calls. Whatever would go on for long ends then, so that it may go on elsewhere.
#[derive(Clone, Debug)]
pub struct Closing(pub CancellationToken);

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// By the client.
    Closed,
    /// By the client, or by what it sent.
    Broken,
    /// There was no TLS handshake, or none in time.
    Handshake,
    /// Nothing was sent on it.
    Silent,
    /// No call was made on it.
    Idle,
    /// It was too old.
    Aged,
    /// The client gave up too many calls.
    Flooded,
    /// The service stops.
    Stopped,
}

impl End {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Broken => "broken",
            Self::Handshake => "handshake",
            Self::Silent => "silent",
            Self::Idle => "idle",
            Self::Aged => "aged",
            Self::Flooded => "flooded",
            Self::Stopped => "stopped",
        }
    }
}

/// What all connections of a listener have in common.
pub(super) struct Terms<S> {
    pub(super) service: S,
    pub(super) builder: Builder<TokioExecutor>,
    pub(super) limits: Limits,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) stop: CancellationToken,
    pub(super) room: Arc<Room>,
}

impl<S> Terms<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    /// Serves one connection to its end.
    pub(super) async fn serve(&self, stream: TcpStream, peer: SocketAddr) -> End {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was not set");
        }
        let Some(tls) = &self.tls else { return self.speak(stream, peer, None, None).await };
        match timeout(self.limits.handshake, tls.acceptor().accept(stream)).await {
            Ok(Ok(stream)) => {
                let identity = PeerIdentity::of(stream.get_ref().1).map(Arc::new);
                let left = identity.as_ref().map(|identity| tls.left(identity.ends_at));
                self.speak(stream, peer, identity, left).await
            }
            Ok(Err(error)) => {
                tracing::debug!(%error, %peer, "no TLS handshake");
                End::Handshake
            }
            Err(_) => End::Handshake,
        }
    }

    /// `left` is the life of the client's certificate, beyond which nobody is it any more.
    async fn speak<I>(
        &self,
        stream: I,
        peer: SocketAddr,
        identity: Option<Arc<PeerIdentity>>,
        left: Option<Duration>,
    ) -> End
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (limits, life) = (&self.limits, Arc::new(Life::new(self.limits.abandoned)));
        // One of its own: whoever waits for the one of all waits for each other.
        let closing = self.stop.child_token();
        let listening = life.clone();
        let stream = InspectReader::new(stream, move |bytes: &[u8]| listening.hear(bytes.len()));
        let (share, closed) = (self.room.of_connection(), Closing(closing.clone()));
        let caller = Caller { service: self.service.clone(), peer, identity, closing: closed, share };
        let calls = life.clone();
        let service = service_fn(move |request| caller.call(request, &calls));
        let mut connection = pin!(self.builder.serve_connection(TokioIo::new(stream), service));

        let end = tokio::select! {
            biased;
            ended = connection.as_mut() => return ended_by_client(ended, peer),
            () = life.flooded() => return flooded(peer),
            () = life.silent(limits.headers) => return End::Silent,
            () = life.idle(limits.idle) => End::Idle,
            () = self.aged(left) => End::Aged,
            () = closing.cancelled() => End::Stopped,
        };
        closing.cancel();
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            biased;
            _ = connection => end,
            () = life.flooded() => flooded(peer),
            () = sleep(limits.grace) => end,
        }
    }

    async fn aged(&self, left: Option<Duration>) {
        let age = self.limits.age.map(|age| self.spread(age));
        match age.into_iter().chain(left).min() {
            Some(age) => sleep(age).await,
            None => std::future::pending().await,
        }
    }

    /// A tenth more or less.
    fn spread(&self, age: Duration) -> Duration {
        let [part] = self.entropy.bytes();
        age.mul_f64(0.9 + 0.2 * f64::from(part) / 255.0)
    }
}

fn ended_by_client(ended: Result<(), tower::BoxError>, peer: SocketAddr) -> End {
    match ended {
        Ok(()) => End::Closed,
        Err(error) => {
            tracing::debug!(error, %peer, "a connection ended badly");
            End::Broken
        }
    }
}

fn flooded(peer: SocketAddr) -> End {
    tracing::warn!(%peer, "a connection was cut: its client gives up most of its calls");
    End::Flooded
}

/// Who calls on a connection, and what answers.
struct Caller<S> {
    service: S,
    peer: SocketAddr,
    identity: Option<Arc<PeerIdentity>>,
    closing: Closing,
    share: Share,
}

impl<S> Caller<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    S::Future: Send,
{
    fn call(
        &self,
        request: Request<Incoming>,
        life: &Arc<Life>,
    ) -> impl Future<Output = Result<Response<super::life::Answer>, Infallible>> + Send + use<S> {
        let (running, broken) = (life.begin(), life.clone());
        let overfull = Overfull::default();
        // A body that breaks off is answered, but nobody hears of it.
        let mut request = request.map(|body| {
            let body = body.map_err(move |error| {
                broken.abandon();
                error
            });
            Body::new(self.share.measure(body, overfull.clone()))
        });
        request.extensions_mut().insert(overfull);
        request.extensions_mut().insert(self.peer);
        request.extensions_mut().insert(self.closing.clone());
        if let Some(identity) = &self.identity {
            request.extensions_mut().insert(identity.clone());
        }
        let service = self.service.clone();
        async move {
            let Ok(response) = service.oneshot(request).await;
            Ok(response.map(|body| running.answer(body)))
        }
    }
}
