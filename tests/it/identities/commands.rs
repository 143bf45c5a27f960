//! The commands, and a sibling that follows the feed with a certificate and no secret.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use sekisho::proto::sekisho::v1::{
    IntrospectRequest, IssueServiceTokenRequest, token_service_client::TokenServiceClient,
};
use sekisho_interceptor::{Health, Introspector, RevocationSource, Trust, Unavailable};
use tempfile::TempDir;
use tokio::time::timeout;
use tonic::{
    Code,
    transport::{Certificate, Channel, ClientTlsConfig},
};

use super::bench::ORDERS;
use crate::{
    support::{
        app::with_bearer,
        eventually,
        process::{Ended, Service, run, serve_settings},
    },
    transport::authority::{Authority, Files, Issued},
};

/// A busy machine is no fault.
const PATIENCE: Duration = Duration::from_secs(120);

struct Bench {
    folder: TempDir,
    settings: Vec<(&'static str, String)>,
    servers: Authority,
    clients: Authority,
    _files: Files,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
        let files = Files::of(&servers.issue(&["localhost"]));
        let mut settings = serve_settings(folder.path());
        settings.retain(|(name, _)| *name != "SEKISHO_TLS_TERMINATED");
        settings.extend(files.settings());
        let authority = files.write("ca.crt", &clients.pem()).display().to_string();
        settings.push(("SEKISHO_TLS_CLIENT_CA", authority));
        settings.push(("SEKISHO_TLS_CLIENT_AUTH", "optional".to_owned()));
        let bench = Self { folder, settings, servers, clients, _files: files };
        assert_eq!(bench.command(&["migrate"]).await.code, Some(0));
        bench
    }

    async fn command(&self, arguments: &[&str]) -> Ended {
        run(self.folder.path(), arguments, &self.settings).await
    }

    async fn does(&self, arguments: &[&str]) -> String {
        let ended = self.command(arguments).await;
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.stderr);
        ended.stdout
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a certificate where the sibling looks for it.
    fn put(&self, issued: &Issued) {
        fs::write(self.path("orders.crt"), &issued.certificate).unwrap();
        fs::write(self.path("orders.key"), &issued.key).unwrap();
    }

    /// A client without a certificate.
    async fn client(&self, service: &Service) -> TokenServiceClient<Channel> {
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(self.servers.pem()));
        let address = format!("https://{}", service.ready["listen"].as_str().unwrap());
        let endpoint = Channel::from_shared(address).unwrap().tls_config(tls.domain_name("localhost")).unwrap();
        TokenServiceClient::new(endpoint.connect().await.unwrap())
    }

    fn trust(&self, service: &Service) -> Arc<Trust> {
        fs::write(self.path("servers.crt"), self.servers.pem()).unwrap();
        let port = service.ready["listen"].as_str().unwrap().rsplit_once(':').unwrap().1.to_owned();
        let trust = Trust::at(format!("https://localhost:{port}"))
            .authorities(self.path("servers.crt"))
            .identity(self.path("orders.crt"), self.path("orders.key"))
            .subscriber("orders-1")
            .introspection_budget(PATIENCE)
            .backoff(Duration::from_millis(20), Duration::from_millis(200));
        Arc::new(trust.start().unwrap())
    }
}

/// A token of a service by its secret; a moment after all were ended there is none.
async fn token(client: &mut TokenServiceClient<Channel>, service: &str, secret: &str) -> String {
    timeout(PATIENCE, try_token(client, service, secret)).await.expect("a token in time")
}

async fn try_token(client: &mut TokenServiceClient<Channel>, service: &str, secret: &str) -> String {
    loop {
        let (client_id, client_secret) = (service.to_owned(), secret.trim().to_owned());
        let asked = IssueServiceTokenRequest { client_id, client_secret, scope: None };
        match client.issue_service_token(asked).await {
            Ok(issued) => return issued.into_inner().access_token,
            Err(status) => assert_eq!(status.code(), Code::Unavailable, "{status:?}"),
        }
        tokio::task::yield_now().await;
    }
}

const CREATE: [&str; 7] =
    ["service", "create", "orders", "--scope", "revocations:read", "--scope", "tokens:introspect"];

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_give_and_take_names() {
    let bench = Bench::new().await;
    bench.does(&[&CREATE[..], &["--spiffe", ORDERS]].concat()).await;
    bench.does(&["service", "create", "stock", "--scope", "orders:read"]).await;
    assert!(bench.does(&["service", "list"]).await.lines().next().unwrap().ends_with(&format!("  {ORDERS}")));
    let taken = bench.command(&["service", "identity", "add", "stock", ORDERS]).await;
    assert_eq!(taken.code, Some(1));
    assert!(taken.stderr.contains("that id is one already"), "{}", taken.stderr);
    let taken = bench.command(&["service", "create", "third", "--scope", "a", "--spiffe", ORDERS]).await;
    assert!(taken.code == Some(1) && !bench.does(&["service", "list"]).await.contains("third"), "{}", taken.stderr);
    for id in ["spiffe://Example.org/a", "https://example.org/a", "orders"] {
        let refused = bench.command(&["service", "identity", "add", "stock", id]).await;
        assert!(refused.stderr.contains("an id is spiffe://"), "{}", refused.stderr);
    }
    let not_its_own = bench.command(&["service", "identity", "remove", "stock", ORDERS]).await;
    assert!(not_its_own.stderr.contains("the service has no such id"), "{}", not_its_own.stderr);
    assert_eq!(bench.does(&["service", "identity", "remove", "orders", ORDERS]).await, format!("{ORDERS} is nobody\n"));
    assert_eq!(bench.does(&["service", "identity", "add", "stock", ORDERS]).await, format!("{ORDERS} is stock\n"));
}

/// From the certificate on the disk of the sibling to the end of the service.
#[tokio::test(flavor = "multi_thread")]
async fn a_sibling_with_a_certificate_needs_no_secret() {
    let bench = Bench::new().await;
    bench.does(&CREATE).await;
    bench.does(&["service", "identity", "add", "orders", ORDERS]).await;
    let service = Service::start(bench.folder.path(), &["serve"], &bench.settings).await;
    // One that has ended makes no connection. What comes in its place does.
    let ended = bench.clients.issue_with(&[], |params| {
        params.subject_alt_names.push(rcgen::SanType::URI(ORDERS.try_into().unwrap()));
        params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    });
    bench.put(&ended);
    let trust = bench.trust(&service);
    assert_eq!(trust.introspect("no token").await, Err(Unavailable));
    assert_ne!(trust.health(), Health::Ready);
    bench.put(&bench.clients.issue_spiffe(ORDERS, &[]));
    trust.ready(PATIENCE).await.unwrap();
    assert!(trust.staleness().is_some());
    assert_eq!(trust.introspect("no token").await, Ok(false));

    bench.does(&["service", "disable", "orders"]).await;
    eventually(async || trust.introspect("no token").await == Err(Unavailable)).await;
    drop(trust);
    service.kill().await;
}

/// Also those for its secret, and where the command is given once more.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_loses_a_name_loses_every_token() {
    let bench = Bench::new().await;
    let secret = bench.does(&[&CREATE[..], &["--spiffe", ORDERS, "--spiffe", ORDERS]].concat()).await;
    let other = bench.does(&["service", "create", "other", "--scope", "tokens:introspect"]).await;
    let service = Service::start(bench.folder.path(), &["serve"], &bench.settings).await;
    bench.put(&bench.clients.issue_spiffe(ORDERS, &[]));
    let trust = bench.trust(&service);
    trust.ready(PATIENCE).await.unwrap();
    let client = bench.client(&service).await;
    let others = token(&mut client.clone(), "other", &other).await;
    let is_active = async |token: &str| {
        let asked = with_bearer(IntrospectRequest { token: token.to_owned() }, &others);
        client.clone().introspect(asked).await.unwrap().into_inner().active
    };
    for ended in [Some(0), Some(1)] {
        let token = token(&mut client.clone(), "orders", &secret).await;
        assert!(is_active(&token).await);
        let removed = bench.command(&["service", "identity", "remove", "orders", ORDERS]).await;
        assert_eq!(removed.code, ended, "{}", removed.stderr);
        eventually(async || !is_active(&token).await).await;
    }
    eventually(async || trust.introspect("no token").await == Err(Unavailable)).await;
    let events = bench.does(&["audit", "list", "--kind", "service_identity_removed"]).await;
    assert_eq!(events.lines().count(), 1, "{events}");
    drop(trust);
    service.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_missing_are_no_trust() {
    let folder = tempfile::tempdir().unwrap();
    let missing = |name: &str| folder.path().join(name);
    let refused = Trust::at("https://localhost:1").identity(missing("a"), missing("b")).start().err().unwrap();
    assert_eq!(refused.to_string(), "the files of the certificates cannot be read");
    fs::write(missing("empty"), "").unwrap();
    let refused = Trust::at("https://localhost:1").authorities(missing("empty")).start().err().unwrap();
    assert_eq!(refused.to_string(), "the files of the certificates cannot be read");
    let refused = Trust::at("http://localhost:1").authorities(missing("empty")).start().err().unwrap();
    assert_eq!(refused.to_string(), "certificates are for https");
}
