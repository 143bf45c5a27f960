//! The listener for proxies.

use tonic::transport::{Certificate, Channel, ClientTlsConfig};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};

use sekisho::proto::ext_authz::envoy::service::auth::v3::authorization_client::AuthorizationClient;

use super::super::proxy::{Asked, Bench, POLICY, policy_folder};
use crate::{
    bad_input::wire::status,
    identities::bench as identities,
    support::TestApp,
    transport::{
        authority::{Authority, Files, Issued},
        client::Http2,
    },
};

async fn channel(bench: &Bench) -> Channel {
    let address = bench.app.app.authz_listen.unwrap();
    Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_none_unless_it_is_asked_for() {
    let app = TestApp::start().await;
    assert!(app.app.authz_listen.is_none());
}

/// Nothing else is there, and it is nowhere else.
#[tokio::test(flavor = "multi_thread")]
async fn it_answers_proxies_and_probes_and_nobody_else() {
    let bench = Bench::start().await;
    let mut health = HealthClient::new(channel(&bench).await);
    for service in ["", "envoy.service.auth.v3.Authorization"] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let status = health.check(request).await.unwrap().into_inner().status;
        assert_eq!(status, i32::from(ServingStatus::Serving), "{service}");
    }
    let url = format!("http://{}/.well-known/jwks.json", bench.app.app.authz_listen.unwrap());
    let answer = reqwest::get(url).await.unwrap();
    assert_eq!(answer.headers()["grpc-status"], "12", "unimplemented");
    let public = bench.app.channel().await;
    let refused = AuthorizationClient::new(public).check(Asked::get("/welcome").check()).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unimplemented);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_decides_is_counted() {
    let bench = Bench::start().await;
    bench.ask(Asked::get("/welcome").header("x-remote-user", "root")).await;
    bench.ask(Asked::get("/orders/7")).await;
    bench.ask(Asked::get("/nowhere")).await;
    bench.ask(Asked::new("GE T", "/welcome")).await;
    let metrics = bench.app.ops_text("/metrics").await;
    for line in [
        "sekisho_authz_checks_total{outcome=\"allowed\"} 1\n",
        "sekisho_authz_checks_total{outcome=\"UNAUTHORIZED\"} 1\n",
        "sekisho_authz_checks_total{outcome=\"PERMISSION_DENIED\"} 1\n",
        "sekisho_authz_checks_total{outcome=\"VALIDATION_ERROR\"} 1\n",
        "sekisho_authz_stale_served_total 0\n",
        "sekisho_authz_headers_stripped_total 1\n",
        "sekisho_connections{listener=\"authz\"} 1\n",
    ] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}

/// After that nothing is answered.
#[tokio::test(flavor = "multi_thread")]
async fn it_stops_with_the_service() {
    let bench = Bench::start().await;
    assert!(bench.ask(Asked::get("/welcome")).await.is_allowed());
    let mut client = bench.client.clone();
    bench.app.stop().await;
    assert!(client.check(Asked::get("/welcome").check()).await.is_err());
}

/// A question that does not come is not waited for.
#[tokio::test(flavor = "multi_thread")]
async fn a_check_takes_no_longer_than_a_call() {
    let bench = Bench::with(&[("SEKISHO_CALL_TIMEOUT", "1")]).await;
    let connection = Http2::connect(bench.app.app.authz_listen.unwrap()).await;
    let request = http::Request::post("http://localhost/envoy.service.auth.v3.Authorization/Check")
        .header("content-type", "application/grpc")
        .header("te", "trailers");
    let (answer, _body) = connection.begin(request.body(()).unwrap()).await;
    assert_eq!(status(answer.await.unwrap().headers()).code(), tonic::Code::DeadlineExceeded);
}

async fn with_certificate(plaintext: &str) -> (Bench, Authority, Files) {
    let authority = Authority::new("ours");
    let files = Files::of(&authority.issue(&["localhost"]));
    let own = files.settings();
    let folder = policy_folder(POLICY);
    let file = folder.path().join("policy.toml");
    let mut settings: Vec<_> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
    settings.push(("SEKISHO_AUTHZ_LISTEN", "127.0.0.1:0"));
    settings.push(("SEKISHO_AUTHZ_POLICY", file.to_str().unwrap()));
    settings.push(("SEKISHO_AUTHZ_PLAINTEXT", plaintext));
    let app = TestApp::with(&settings).await;
    let endpoint = format!("http://{}", app.app.authz_listen.unwrap());
    let client = AuthorizationClient::new(Channel::from_shared(endpoint).unwrap().connect_lazy());
    (Bench { app, client, folder }, authority, files)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_speaks_tls_where_the_service_does() {
    let (bench, authority, _files) = with_certificate("false").await;
    assert!(bench.client.clone().check(Asked::get("/welcome").check()).await.is_err(), "in the clear");
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority.pem())).domain_name("localhost");
    let address = format!("https://{}", bench.app.app.authz_listen.unwrap());
    let channel = Channel::from_shared(address).unwrap().tls_config(tls).unwrap().connect().await.unwrap();
    AuthorizationClient::new(channel).check(Asked::get("/welcome").check()).await.unwrap();
}

/// Also where other clients may do without one.
#[tokio::test(flavor = "multi_thread")]
async fn proxies_show_a_certificate_where_there_is_an_authority() {
    let folder = policy_folder(POLICY);
    let file = folder.path().join("policy.toml");
    let settings = [("SEKISHO_AUTHZ_LISTEN", "127.0.0.1:0"), ("SEKISHO_AUTHZ_POLICY", file.to_str().unwrap())];
    let bench = identities::Bench::with(&settings).await;
    let proxy = bench.workload("spiffe://example.org/ns/shop/sa/proxy");
    let ask = async |shows: Option<&Issued>| {
        let channel = bench.channel(bench.app.app.authz_listen.unwrap(), shows).await.unwrap();
        AuthorizationClient::new(channel).check(Asked::get("/welcome").check()).await
    };
    ask(Some(&proxy)).await.unwrap();
    assert_eq!(ask(None).await.unwrap_err().code(), tonic::Code::Unauthenticated);
    bench.asks(None).await.unwrap_err();
    assert!(bench.channel(bench.app.app.listen, None).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn it_speaks_in_the_clear_where_that_is_set() {
    let (bench, ..) = with_certificate("true").await;
    assert!(bench.ask(Asked::get("/welcome")).await.is_allowed());
}
