//! The proxy that breaks stores for other tests, in front of an echo.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{TcpListener, TcpStream},
    time::{Instant, timeout},
};

use crate::support::proxy::{Mode, Proxy};

const SOON: Duration = Duration::from_millis(200);

async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                copy(&mut from, &mut to).await
            });
        }
    });
    address
}

/// A proxy, and a connection through it that has been used.
async fn connected() -> (Proxy, TcpStream) {
    let proxy = Proxy::before(echo().await).await;
    let mut stream = connect(&proxy).await;
    assert!(is_echoed(&mut stream).await);
    (proxy, stream)
}

async fn connect(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(proxy.address).await.unwrap()
}

async fn is_echoed(stream: &mut TcpStream) -> bool {
    if stream.write_all(b"hello").await.is_err() {
        return false;
    }
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).await.is_ok() && &answer == b"hello"
}

/// That there is neither an answer nor an end.
async fn is_silent(stream: &mut TcpStream) -> bool {
    stream.write_all(b"hello").await.unwrap();
    timeout(SOON, stream.read(&mut [0; 5])).await.is_err()
}

#[tokio::test]
async fn what_is_refused_is_refused_until_it_passes_again() {
    let (proxy, mut live) = connected().await;
    proxy.set(Mode::Refuse).await;
    assert!(!is_echoed(&mut live).await);
    let refusal = TcpStream::connect(proxy.address).await.unwrap_err();
    assert_eq!(refusal.kind(), std::io::ErrorKind::ConnectionRefused);
    proxy.set(Mode::Pass).await;
    assert!(is_echoed(&mut connect(&proxy).await).await);
}

#[tokio::test]
async fn what_hangs_arrives_afterwards() {
    let (proxy, mut live) = connected().await;
    proxy.set(Mode::Hang).await;
    let mut new = connect(&proxy).await;
    assert!(is_silent(&mut live).await);
    assert!(is_silent(&mut new).await);
    proxy.set(Mode::Pass).await;
    assert!(is_echoed(&mut live).await);
    assert!(is_echoed(&mut new).await);
}

#[tokio::test]
async fn what_is_delayed_arrives_later_both_ways() {
    let (proxy, mut live) = connected().await;
    proxy.set(Mode::Delay(SOON)).await;
    let mut new = connect(&proxy).await;
    for stream in [&mut live, &mut new] {
        let start = Instant::now();
        assert!(is_echoed(stream).await);
        assert!(start.elapsed() >= 2 * SOON, "{:?}", start.elapsed());
    }
}

#[tokio::test]
async fn a_cut_ends_what_is_live() {
    let (proxy, mut live) = connected().await;
    proxy.cut().await;
    assert!(!is_echoed(&mut live).await);
    assert!(is_echoed(&mut connect(&proxy).await).await);
}

#[tokio::test]
async fn while_everything_is_cut_connections_end_at_the_first_word() {
    let (proxy, mut live) = connected().await;
    proxy.set(Mode::Cut).await;
    assert!(!is_echoed(&mut live).await);
    assert!(!is_echoed(&mut connect(&proxy).await).await);
    proxy.set(Mode::Pass).await;
    assert!(is_echoed(&mut connect(&proxy).await).await);
}

#[tokio::test]
async fn a_half_open_connection_stays_and_loses_what_is_sent() {
    let (proxy, mut live) = connected().await;
    proxy.set(Mode::HalfOpen).await;
    let mut new = connect(&proxy).await;
    assert!(is_silent(&mut live).await);
    assert!(is_silent(&mut new).await);
    proxy.set(Mode::Pass).await;
    assert!(is_silent(&mut live).await);
    assert!(is_echoed(&mut connect(&proxy).await).await);
}

#[tokio::test]
async fn round_trips_are_counted_and_not_segments() {
    let (proxy, mut live) = connected().await;
    assert_eq!(proxy.round_trips(), 1);
    live.write_all(b"in two ").await.unwrap();
    live.write_all(b"parts").await.unwrap();
    live.read_exact(&mut [0; 12]).await.unwrap();
    let after_parts = proxy.round_trips();
    assert!(is_echoed(&mut live).await);
    assert_eq!(proxy.round_trips(), after_parts + 1);
}
