//! Clients that are chosen in every detail.

use std::{io, net::SocketAddr, sync::Arc};

use bytes::Bytes;
use h2::client::SendRequest;
use rustls::{
    ALL_VERSIONS, ClientConfig, RootCertStore, SupportedProtocolVersion,
    crypto::aws_lc_rs::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::authority::{Authority, Issued};

/// What every test server is called.
pub const HOST: &str = "localhost";

/// A client that trusts an authority.
pub struct Client<'a> {
    pub trusts: &'a Authority,
    pub shows: Option<&'a Issued>,
    pub versions: Vec<&'static SupportedProtocolVersion>,
    pub speaks: &'static [&'static str],
}

impl<'a> Client<'a> {
    pub fn of(trusts: &'a Authority) -> Self {
        Self { trusts, shows: None, versions: ALL_VERSIONS.to_vec(), speaks: &["http/1.1"] }
    }

    pub fn showing(trusts: &'a Authority, shows: &'a Issued) -> Self {
        Self { shows: Some(shows), ..Self::of(trusts) }
    }

    /// As far as this side can tell: with TLS 1.3 the server may refuse it later.
    pub async fn connect(&self, address: SocketAddr) -> io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(address).await?;
        TlsConnector::from(Arc::new(self.config())).connect(HOST.try_into().unwrap(), stream).await
    }

    /// Makes a connection and gets a page by HTTP/1.1.
    pub async fn get(&self, address: SocketAddr, path: &str) -> io::Result<String> {
        get(self.connect(address).await?, path).await
    }

    fn config(&self) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.trusts.pem().as_bytes()).unwrap()).unwrap();
        let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
        let builder = builder.with_protocol_versions(&self.versions).unwrap().with_root_certificates(roots);
        let mut config = match self.shows {
            None => builder.with_no_client_auth(),
            Some(shows) => {
                let chain = vec![CertificateDer::from_pem_slice(shows.certificate.as_bytes()).unwrap()];
                let key = PrivateKeyDer::from_pem_slice(shows.key.as_bytes()).unwrap();
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        config.alpn_protocols = self.speaks.iter().map(|word| word.as_bytes().to_vec()).collect();
        config
    }
}

/// Gets a page by HTTP/1.1; the whole answer. The connection ends with it.
pub async fn get(mut stream: impl AsyncRead + AsyncWrite + Unpin, path: &str) -> io::Result<String> {
    let request = format!("GET {path} HTTP/1.1\r\nhost: {HOST}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    if answer.is_empty() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(String::from_utf8(answer).unwrap())
}

/// Everything until the other side has closed the connection.
pub async fn closed(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        all.extend_from_slice(&buffer[..read]);
    }
    all
}

/// A connection of HTTP/2, and its end.
pub struct Http2 {
    pub send: SendRequest<Bytes>,
    pub end: JoinHandle<Result<(), h2::Error>>,
}

impl Http2 {
    pub async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap()).await
    }

    pub async fn over(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        let (send, connection) = h2::client::handshake(stream).await.unwrap();
        Self { send, end: tokio::spawn(connection) }
    }

    /// The status of a call.
    pub async fn get(&self, path: &str) -> Result<u16, h2::Error> {
        let (answer, _) = self.send.clone().ready().await?.send_request(request(path), true)?;
        Ok(answer.await?.status().as_u16())
    }

    /// A call whose body never comes. It lasts as long as what is returned.
    pub async fn begin(&self, request: http::Request<()>) -> (h2::client::ResponseFuture, h2::SendStream<Bytes>) {
        self.send.clone().ready().await.unwrap().send_request(request, false).unwrap()
    }
}

pub fn request(path: &str) -> http::Request<()> {
    http::Request::get(format!("http://{HOST}{path}")).body(()).unwrap()
}
