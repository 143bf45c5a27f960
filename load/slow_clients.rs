//! Clients that take their time: in the beginning, in headers and in bodies.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
    time::sleep,
};

use crate::{
    Outcome,
    under_attack::{Bench, End, open_files},
};

/// From one byte to the next.
const PAUSE: Duration = Duration::from_secs(1);
/// What comes at once; what follows comes byte by byte.
const BEGINNINGS: [&[u8]; 4] = [
    b"",
    b"PRI * HTTP/2.0\r\n",
    b"GET / HTTP/1.1\r\nhost: localhost\r\nx-slow: ",
    b"POST /api/v1/auth/login HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
      content-length: 60000\r\n\r\n{\"email\": \"",
];

/// Measures, and prints.
pub(crate) async fn measure(clients: u64, time: Duration) -> Outcome<()> {
    let clients = open_files(clients)?;
    println!("{clients} clients that send a byte a second.\n");
    Bench::start().await?.measure(time, move |address, end| attack(address, end, clients)).await
}

async fn attack(address: SocketAddr, end: Arc<End>, clients: u64) -> Outcome<String> {
    let mut offenders = JoinSet::new();
    for beginning in BEGINNINGS.into_iter().cycle().take(usize::try_from(clients)?) {
        offenders.spawn(offend(address, end.clone(), beginning));
    }
    end.ready.notify_one();
    while let Some(done) = offenders.join_next().await {
        done?;
    }
    Ok(format!("{} connections were made, {} cut", end.sent.load(Relaxed), end.cut.load(Relaxed)))
}

/// Comes again whenever it is cut off, a pause later.
async fn offend(address: SocketAddr, end: Arc<End>, beginning: &[u8]) {
    while !end.is_now() {
        if let Ok(stream) = TcpStream::connect(address).await {
            end.sent.fetch_add(1, Relaxed);
            if trickle(stream, &end, beginning).await.is_err() {
                end.cut.fetch_add(1, Relaxed);
            }
        }
        sleep(PAUSE).await;
    }
}

async fn trickle(mut stream: TcpStream, end: &End, beginning: &[u8]) -> std::io::Result<()> {
    stream.write_all(beginning).await?;
    let mut answer = [0; 512];
    while !end.is_now() {
        tokio::select! {
            // Whatever is answered is a refusal.
            _ = stream.read(&mut answer) => return Err(std::io::ErrorKind::ConnectionAborted.into()),
            () = sleep(PAUSE) => {}
        }
        if !beginning.is_empty() {
            stream.write_all(b"a").await?;
        }
    }
    Ok(())
}
