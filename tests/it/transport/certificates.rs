//! Certificates of clients.

use std::{sync::Arc, time::Duration};

use rcgen::date_time_ymd;
use sekisho::{
    clock::ManualClock,
    domain::Timestamp,
    server::Limits,
    telemetry::Metrics,
    tls::{Tls, TlsFiles},
};

use super::{
    authority::{Authority, Files, Issued},
    client::{Client, HOST},
    listener::Listener,
};
use crate::support::eventually;

/// 2027-01-15.
const NOW: i64 = 1_800_000_000;

struct Bench {
    servers: Authority,
    clients: Authority,
    clock: ManualClock,
    listener: Listener,
    _files: Files,
}

impl Bench {
    async fn start() -> Self {
        let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
        let files = Files::of(&servers.issue(&[HOST]));
        let client_ca = Some(files.write("ca.crt", &clients.pem()));
        let paths = TlsFiles {
            certificate: files.path("tls.crt"),
            key: files.path("tls.key"),
            client_ca,
            is_client_optional: false,
        };
        let clock = ManualClock::at(Timestamp::from_seconds(NOW));
        let tls = Tls::load(&paths, Arc::new(clock.clone()), Arc::<Metrics>::default()).unwrap();
        let grace = Duration::from_secs(30);
        // Whoever says nothing may stay for longer than a test takes on a busy machine.
        let limits = Limits { headers: Duration::from_secs(300), ..Limits::default() };
        let listener = Listener::with(limits, Some(Arc::new(tls)), grace).await;
        Self { servers, clients, clock, listener, _files: files }
    }

    /// What a client that shows this is answered.
    async fn get(&self, shows: &Issued) -> std::io::Result<String> {
        Client::showing(&self.servers, shows).get(self.listener.address, "/").await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_names_of_a_client_are_known_to_its_calls() {
    let bench = Bench::start().await;
    let spiffe = "spiffe://example.com/ns/shop/sa/orders";
    for (issued, id, names) in [
        (bench.clients.issue_spiffe(spiffe, &[]), Some(spiffe), &[][..]),
        (bench.clients.issue_spiffe(spiffe, &["orders.shop.svc"]), Some(spiffe), &["orders.shop.svc"]),
        (bench.clients.issue(&["orders.shop.svc", "orders"]), None, &["orders.shop.svc", "orders"]),
        (bench.clients.issue_spiffe("https://example.com/orders", &[]), None, &[]),
    ] {
        let answer = bench.get(&issued).await.unwrap();
        let wanted = format!("Some(PeerIdentity {{ spiffe_id: {id:?}, dns_names: {names:?}, ends_at: ");
        assert!(answer.contains(&wanted), "{answer}");
    }
}

/// A connection ends with the certificate that made it, however long connections may live.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_outlives_a_certificate() {
    let bench = Bench::start().await;
    let until = |seconds: i64| {
        let issued = bench.clients.issue_with(&[], |params| {
            params.not_after = time::OffsetDateTime::from_unix_timestamp(NOW + seconds).unwrap();
        });
        let (servers, listener) = (&bench.servers, &bench.listener);
        async move { Client::showing(servers, &issued).connect(listener.address).await.unwrap() }
    };
    let (long, short) = (until(3_600).await, until(1).await);
    eventually(async || bench.listener.ended("aged") == 1).await;
    assert_eq!(bench.listener.connections(), 1);
    drop((long, short));
}

/// An X.509-SVID has one URI; with two, one of them may be somebody else's.
#[tokio::test(flavor = "multi_thread")]
async fn two_ids_are_none() {
    let bench = Bench::start().await;
    let two = bench.clients.issue_with(&[], |params| {
        for id in ["spiffe://example.com/a", "spiffe://example.com/b"] {
            params.subject_alt_names.push(rcgen::SanType::URI(id.try_into().unwrap()));
        }
    });
    assert!(bench.get(&two).await.unwrap().contains("spiffe_id: None"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_a_certificate_of_the_authority_is_not_served() {
    let bench = Bench::start().await;
    let address = bench.listener.address;
    assert!(Client::of(&bench.servers).get(address, "/").await.is_err(), "none");
    let other = Authority::new("clients").issue(&["orders"]);
    assert!(bench.get(&other).await.is_err(), "of another authority of the same name");
    let of_the_server = bench.servers.issue(&["orders"]);
    assert!(bench.get(&of_the_server).await.is_err(), "of the authority of the server");
    eventually(async || bench.listener.ended("handshake") == 3).await;
}

/// Also one that was served before: no session is resumed around the check.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_ends_by_the_clock_of_the_service() {
    let bench = Bench::start().await;
    let until_february = bench.clients.issue_with(&["orders"], |params| params.not_after = date_time_ymd(2027, 2, 1));
    let from_february = bench.clients.issue_with(&["orders"], |params| params.not_before = date_time_ymd(2027, 2, 1));
    assert!(bench.get(&until_february).await.is_ok());
    assert!(bench.get(&from_february).await.is_err());
    bench.clock.advance(Duration::from_secs(30 * 86_400));
    assert!(bench.get(&until_february).await.is_err());
    assert!(bench.get(&from_february).await.is_ok());
}
