//! A TCP proxy in front of a server, which breaks when it is told to.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpSocket, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Mutex, watch},
    task::JoinSet,
    time::sleep,
};

/// What the proxy does with connections, the live ones as well as new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// What is sent arrives.
    Pass,
    /// As if nobody listened: live connections end, new ones are refused.
    Refuse,
    /// As if the server were frozen: new connections open, nothing is answered,
    /// and what was sent arrives afterwards.
    Hang,
    /// What is sent, either way, arrives so much later.
    Delay(Duration),
    /// Connections end as soon as the client has sent something.
    Cut,
    /// As if the way to the server were gone: what the client sends is lost, and
    /// a connection that has lost something stays silent for good.
    HalfOpen,
}

type Links = Arc<Mutex<JoinSet<()>>>;

/// A proxy. Ends, with its connections, when it is dropped.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    server: SocketAddr,
    mode: watch::Sender<Mode>,
    questions: Arc<AtomicU64>,
    links: Links,
    listener: Mutex<JoinSet<()>>,
    /// Does not listen; keeps the port while nobody does.
    _port: TcpSocket,
}

impl Proxy {
    /// A proxy that passes everything.
    pub async fn before(server: SocketAddr) -> Self {
        let port = socket((Ipv4Addr::LOCALHOST, 0).into());
        let proxy = Self {
            address: port.local_addr().unwrap(),
            server,
            mode: watch::channel(Mode::Pass).0,
            questions: Arc::default(),
            links: Links::default(),
            listener: Mutex::default(),
            _port: port,
        };
        proxy.listen().await;
        proxy
    }

    /// Changes what it does, from now on.
    pub async fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
        if mode == Mode::Refuse {
            self.listener.lock().await.shutdown().await;
            self.cut().await;
        } else if self.listener.lock().await.is_empty() {
            self.listen().await;
        }
    }

    /// Ends all live connections.
    pub async fn cut(&self) {
        self.links.lock().await.shutdown().await;
    }

    /// How many times a client has sent something after an answer: the number of
    /// round trips, as long as one waits for the answer to the other.
    pub fn round_trips(&self) -> u64 {
        self.questions.load(Ordering::SeqCst)
    }

    async fn listen(&self) {
        let listener = socket(self.address).listen(1024).unwrap();
        let link = Link { server: self.server, mode: self.mode.subscribe(), questions: self.questions.clone() };
        self.listener.lock().await.spawn(accept(listener, link, self.links.clone()));
    }
}

/// A socket whose port others of this process can have as well.
fn socket(address: SocketAddr) -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.set_reuseport(true).unwrap();
    socket.bind(address).unwrap();
    socket
}

async fn accept(listener: TcpListener, link: Link, links: Links) {
    while let Ok((client, _)) = listener.accept().await {
        let mut links = links.lock().await;
        while links.try_join_next().is_some() {}
        links.spawn(link.clone().run(client));
    }
}

/// A connection through the proxy.
#[derive(Clone)]
struct Link {
    server: SocketAddr,
    mode: watch::Receiver<Mode>,
    questions: Arc<AtomicU64>,
}

/// One way of a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    ToServer,
    ToClient,
}

impl Link {
    /// Until either side ends it.
    async fn run(self, client: TcpStream) {
        let Ok(server) = TcpStream::connect(self.server).await else { return };
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        let is_asked = AtomicBool::new(false);
        tokio::select! {
            () = self.pump(Way::ToServer, from_client, to_server, &is_asked) => {}
            () = self.pump(Way::ToClient, from_server, to_client, &is_asked) => {}
        }
    }

    async fn pump(&self, way: Way, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, is_asked: &AtomicBool) {
        let mut mode = self.mode.clone();
        let (mut bytes, mut has_lost) = (vec![0; 16 * 1024], false);
        while let Ok(length @ 1..) = from.read(&mut bytes).await {
            let was_asked = is_asked.swap(way == Way::ToServer, Ordering::SeqCst);
            if way == Way::ToServer && !was_asked {
                self.questions.fetch_add(1, Ordering::SeqCst);
            }
            let Ok(now) = mode.wait_for(|mode| *mode != Mode::Hang).await.map(|mode| *mode) else { return };
            match (now, way) {
                (Mode::Cut, Way::ToServer) => return,
                // TCP never goes on after a gap.
                (Mode::HalfOpen, Way::ToServer) => has_lost = true,
                (Mode::Delay(by), _) => sleep(by).await,
                _ => {}
            }
            if has_lost {
                continue;
            }
            if to.write_all(&bytes[..length]).await.is_err() {
                return;
            }
        }
    }
}
