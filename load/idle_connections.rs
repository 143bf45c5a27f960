//! Connections of HTTP/2 that are made and kept, and on which nothing is asked.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use bytes::Bytes;
use h2::client::SendRequest;
use tokio::{net::TcpStream, task::JoinSet};

use crate::{
    Outcome,
    under_attack::{Bench, End, open_files},
};

/// That connect at the same time.
const AT_ONCE: u64 = 64;

/// Measures, and prints.
pub(crate) async fn measure(connections: u64, time: Duration) -> Outcome<()> {
    let connections = open_files(connections)?;
    println!("{connections} idle connections, of HTTP/2 with its settings exchanged.\n");
    Bench::start().await?.measure(time, move |address, end| attack(address, end, connections)).await
}

/// They are kept by answering pings.
async fn attack(address: SocketAddr, end: Arc<End>, connections: u64) -> Outcome<String> {
    let (mut kept, mut ends) = (Vec::new(), JoinSet::new());
    let mut connecting = JoinSet::new();
    for number in 0..connections {
        connecting.spawn(connect(address));
        if number >= AT_ONCE {
            keep(connecting.join_next().await, &mut kept, &mut ends, &end)?;
        }
    }
    while let Some(done) = connecting.join_next().await {
        keep(Some(done), &mut kept, &mut ends, &end)?;
    }
    end.ready.notify_one();
    while !end.is_now() {
        tokio::time::sleep(Duration::from_millis(50)).await;
        while ends.try_join_next().is_some() {
            end.cut.fetch_add(1, Relaxed);
        }
    }
    let (kept, cut) = (end.sent.load(Relaxed), end.cut.load(Relaxed));
    Ok(format!("{kept} connections were kept, {} refused, {cut} cut", connections - kept))
}

type Kept = (SendRequest<Bytes>, h2::client::Connection<TcpStream>);

async fn connect(address: SocketAddr) -> Outcome<Kept> {
    Ok(h2::client::handshake(TcpStream::connect(address).await?).await?)
}

fn keep(
    done: Option<Result<Outcome<Kept>, tokio::task::JoinError>>,
    kept: &mut Vec<SendRequest<Bytes>>,
    ends: &mut JoinSet<()>,
    end: &End,
) -> Outcome<()> {
    if let Some(Ok((send, connection))) = done.transpose()? {
        kept.push(send);
        end.sent.fetch_add(1, Relaxed);
        ends.spawn(async move { drop(connection.await) });
    }
    Ok(())
}
