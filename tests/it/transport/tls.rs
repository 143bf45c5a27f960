//! TLS on the public listener.

use rcgen::date_time_ymd;
use rustls::{
    ProtocolVersion,
    version::{TLS12, TLS13},
};
use sekisho::proto::sekisho::v1::{
    GetKeysRequest, LoginRequest, auth_service_client::AuthServiceClient, token_service_client::TokenServiceClient,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tonic::{
    Code,
    transport::{Certificate, Channel, ClientTlsConfig},
};

use super::{
    authority::{Authority, Files, Issued},
    client::{Client, HOST, Http2, get},
};
use crate::support::TestApp;

const KEYS: &str = "/.well-known/jwks.json";

async fn app(authority: &Authority) -> (TestApp, Files) {
    app_with(&authority.issue(&[HOST])).await
}

async fn app_with(issued: &Issued) -> (TestApp, Files) {
    let files = Files::of(issued);
    let settings = files.settings();
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    (TestApp::with(&settings).await, files)
}

/// R65.
#[tokio::test(flavor = "multi_thread")]
async fn http_1_and_2_are_spoken_over_tls_1_2_and_1_3() {
    let authority = Authority::new("ours");
    let (app, _files) = app(&authority).await;
    let versions = [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)];
    for (only, version) in versions {
        for speaks in [&["http/1.1"], &["h2"]] as [&[&str]; 2] {
            let client = Client { versions: vec![only], speaks, ..Client::of(&authority) };
            let stream = client.connect(app.app.listen).await.unwrap();
            let connection = stream.get_ref().1;
            assert_eq!(connection.protocol_version(), Some(version));
            assert_eq!(connection.alpn_protocol(), Some(speaks[0].as_bytes()));
            if speaks == ["h2"] {
                assert_eq!(Http2::over(stream).await.get(KEYS).await.unwrap(), 200);
            } else {
                let answer = get(stream, KEYS).await.unwrap();
                assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"kty\""), "{answer}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn grpc_over_tls() {
    let authority = Authority::new("ours");
    let (app, _files) = app(&authority).await;
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority.pem())).domain_name(HOST);
    let channel = Channel::from_shared(format!("https://{}", app.app.listen)).unwrap().tls_config(tls).unwrap();
    let channel = channel.connect().await.unwrap();
    let keys = TokenServiceClient::new(channel.clone()).get_keys(GetKeysRequest {}).await.unwrap().into_inner();
    assert_eq!(keys.keys.len(), 1);
    let request = LoginRequest {
        email: "nobody@example.com".to_owned(),
        password: "correct horse battery staple".to_owned(),
        client_id: "laptop".to_owned(),
        device_name: None,
    };
    let refused = AuthServiceClient::new(channel).login(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
}

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

/// What a client hello is answered by, of such a version and with one suite: the type of the
/// record, and of an alert its level and description (RFC 5246, sections 6.2.1 and 7.2).
async fn reply(app: &TestApp, version: [u8; 2], suite: u16) -> (u8, [u8; 2]) {
    let extensions: &[u8] = &[0, 10, 0, 4, 0, 2, 0, 23, 0, 13, 0, 4, 0, 2, 4, 3];
    let hello = [&version[..], &[7; 32], &[0, 0, 2], &suite.to_be_bytes(), &[1, 0, 0, 16], extensions].concat();
    let message = [&[1, 0, 0, u8::try_from(hello.len()).unwrap()], &hello[..]].concat();
    let record = [&[22, 3, 1, 0, u8::try_from(message.len()).unwrap()], &message[..]].concat();
    let mut stream = TcpStream::connect(app.app.listen).await.unwrap();
    stream.write_all(&record).await.unwrap();
    let mut answer = [0; 7];
    stream.read_exact(&mut answer).await.unwrap();
    (answer[0], [answer[5], answer[6]])
}

/// R65. A client hello of TLS 1.1 is answered by the alert `protocol_version`
/// (RFC 8446, section 6.2), and nobody is served in the clear.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_older_and_nothing_in_the_clear() {
    let (app, _files) = app(&Authority::new("ours")).await;
    assert_eq!(reply(&app, [3, 2], 0xc013).await, (ALERT, [2, 70]));

    let in_the_clear = get(TcpStream::connect(app.app.listen).await.unwrap(), KEYS).await;
    assert!(!in_the_clear.is_ok_and(|answer| answer.contains("HTTP")));
}

/// R65. CBC, 3DES and RC4, and keys that are sent under that of the certificate: there is no
/// suite in common (`handshake_failure`). The same hello with one that is good is gone on with.
#[tokio::test(flavor = "multi_thread")]
async fn no_suite_without_forward_secrecy_or_authenticated_encryption() {
    let (app, _files) = app(&Authority::new("ours")).await;
    let weak = [0xc009, 0xc00a, 0xc023, 0xc024, 0xc013, 0xc014, 0xc008, 0xc007, 0x009c, 0x009d, 0x002f, 0x000a, 0x0005];
    for suite in weak {
        assert_eq!(reply(&app, [3, 3], suite).await, (ALERT, [2, 40]), "{suite:04x}");
    }
    assert_eq!(reply(&app, [3, 3], 0xc02b).await.0, HANDSHAKE);
}

/// Probes are asked from this machine, or through a network that is ours.
#[tokio::test(flavor = "multi_thread")]
async fn the_operations_listener_speaks_in_the_clear_and_says_when_the_certificate_ends() {
    let until = Authority::new("ours").issue_with(&[HOST], |params| params.not_after = date_time_ymd(2030, 1, 1));
    let (app, _files) = app_with(&until).await;
    let metrics = app.ops_text("/metrics").await;
    assert!(metrics.contains("sekisho_tls_certificate_ends_seconds 1893456000.0\n"), "{metrics}");
}
