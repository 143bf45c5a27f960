//! R11. Limits by network.

use sekisho::proto::sekisho::v1 as pb;
use tonic::{Code, Request};

use crate::support::{TestApp, feed::DEV_SECRET};

async fn ask(app: &TestApp, address: &str) -> Code {
    let message = pb::IssueServiceTokenRequest {
        client_id: "orders".to_owned(),
        client_secret: DEV_SECRET.to_owned(),
        scope: None,
    };
    let mut request = Request::new(message);
    request.metadata_mut().insert("x-forwarded-for", address.parse().unwrap());
    app.tokens().await.issue_service_token(request).await.unwrap_err().code()
}

/// R11. better-auth CVE-2026-45364: another address of one's own for each guess.
#[tokio::test(flavor = "multi_thread")]
async fn a_network_of_ipv6_has_one_budget() {
    let app = TestApp::with(&[("SEKISHO_TRUSTED_PROXIES", "127.0.0.1")]).await;
    for host in 0..20 {
        assert_eq!(ask(&app, &format!("2001:db8:1:2:{host:x}::{host:x}")).await, Code::Unauthenticated, "{host}");
    }
    assert_eq!(ask(&app, "2001:db8:1:2:ffff::1").await, Code::ResourceExhausted);
    assert_eq!(ask(&app, "2001:db8:1:3::1").await, Code::Unauthenticated);
}

/// R11.
#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_ipv4_has_one_budget_however_it_is_written() {
    let app = TestApp::with(&[("SEKISHO_TRUSTED_PROXIES", "127.0.0.1")]).await;
    for n in 0..20 {
        let spelling = ["192.0.2.7", "::ffff:192.0.2.7", "[::ffff:c000:207]:80", "192.0.2.7:4711"][n % 4];
        assert_eq!(ask(&app, spelling).await, Code::Unauthenticated, "{n}");
    }
    assert_eq!(ask(&app, "192.0.2.7").await, Code::ResourceExhausted);
    assert_eq!(ask(&app, "192.0.2.8").await, Code::Unauthenticated);
}
