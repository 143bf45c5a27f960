//! Who is who, on every stack.

use rcgen::{SanType, date_time_ymd};
use sekisho::{
    domain::{
        Revocation, Timestamp, UserId,
        revocation::{RevocationReason, Target},
    },
    proto::sekisho::v1::{LoginRequest, auth_service_client::AuthServiceClient},
};
use tonic::{Code, Status};

use super::bench::{Bench, ORDERS, SCOPES, STOCK, introspect, issue, watch};
use crate::{
    support::{
        acts::{ADA, WRONG, claims},
        eventually,
        feed::reason,
    },
    transport::{authority::Authority, client::Client},
};

fn told(refused: &Status) -> (Code, String) {
    (refused.code(), reason(refused))
}

fn unauthorized() -> (Code, String) {
    (Code::Unauthenticated, "UNAUTHORIZED".to_owned())
}

fn denied() -> (Code, String) {
    (Code::PermissionDenied, "PERMISSION_DENIED".to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_worth_the_scopes_of_its_service() {
    let bench = Bench::start().await;
    bench.service("orders", SCOPES, ORDERS).await;
    bench.service("stock", "tokens:introspect", STOCK).await;
    let mut orders = bench.client(Some(&bench.workload(ORDERS))).await;
    for _ in 0..3 {
        introspect(&mut orders, None).await.unwrap();
    }
    assert!(watch(&mut orders).await.unwrap().message().await.unwrap().is_some());
    let mut stock = bench.client(Some(&bench.workload(STOCK))).await;
    introspect(&mut stock, None).await.unwrap();
    assert_eq!(told(&watch(&mut stock).await.unwrap_err()), denied());
    assert_eq!(bench.counted("service_certificate_accepted").await, 2, "once for several calls");
    assert_eq!(bench.counted("token_introspected").await, 4);
    assert_eq!(bench.counted("feed_followed").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_no_services_is_as_none() {
    let bench = Bench::start().await;
    bench.service("orders", SCOPES, ORDERS).await;
    let two = bench.clients.issue_with(&[], |params| {
        for id in [ORDERS, STOCK] {
            params.subject_alt_names.push(SanType::URI(id.try_into().unwrap()));
        }
    });
    for (what, issued) in [
        ("another workload", bench.workload(STOCK)),
        ("another trust domain", bench.workload("spiffe://example.com/ns/shop/sa/orders")),
        ("a longer path", bench.workload(&format!("{ORDERS}/x"))),
        ("another case", bench.workload("spiffe://example.org/ns/shop/sa/Orders")),
        ("another form", bench.workload("spiffe://EXAMPLE.org/ns/shop/sa/orders")),
        ("two ids", two),
        ("a DNS name only", bench.clients.issue(&["orders"])),
        ("another URI", bench.workload("https://example.org/ns/shop/sa/orders")),
    ] {
        let refused = bench.asks(Some(&issued)).await.unwrap_err();
        assert_eq!(told(&refused), unauthorized(), "{what}");
    }
    assert_eq!(told(&bench.asks(None).await.unwrap_err()), unauthorized(), "none at all");
    assert_eq!(bench.counted("service_certificate_unknown").await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_good_makes_no_connection() {
    let bench = Bench::start().await;
    bench.service("orders", SCOPES, ORDERS).await;
    let uri = |params: &mut rcgen::CertificateParams| {
        params.subject_alt_names.push(SanType::URI(ORDERS.try_into().unwrap()));
    };
    let ended = bench.clients.issue_with(&[], |params| {
        uri(params);
        params.not_after = date_time_ymd(2026, 12, 31);
    });
    let of_another = Authority::new("clients").issue_spiffe(ORDERS, &[]);
    for (what, issued) in [("it has ended", ended), ("another authority", of_another)] {
        let called = match bench.try_client(Some(&issued)).await {
            Ok(mut client) => introspect(&mut client, None).await.err().map(|status| status.code()),
            Err(_) => Some(Code::Unavailable),
        };
        // Not served as one who shows none, who would be told to sign in.
        assert!(called.is_some_and(|code| code != Code::Unauthenticated), "{what}: {called:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_looked_at_in_each_handshake_by_our_clock() {
    let bench = Bench::start().await;
    bench.service("orders", SCOPES, ORDERS).await;
    let until_february = bench.clients.issue_with(&[], |params| {
        params.subject_alt_names.push(SanType::URI(ORDERS.try_into().unwrap()));
        params.not_after = date_time_ymd(2027, 2, 1);
    });
    bench.asks(Some(&until_february)).await.unwrap();
    bench.app.advance(30 * 86_400);
    assert!(Client::showing(&bench.servers, &bench.workload(ORDERS)).get(bench.app.app.listen, "/").await.is_ok());
    assert!(Client::showing(&bench.servers, &until_february).get(bench.app.app.listen, "/").await.is_err());
}

/// Who has both says with the token who calls, and must not be two.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_decides_and_a_certificate_must_not_say_otherwise() {
    let bench = Bench::start().await;
    let orders = bench.service("orders", "tokens:introspect", ORDERS).await;
    let stock = bench.service("stock", "tokens:introspect", STOCK).await;
    let mut by_orders = bench.client(Some(&bench.workload(ORDERS))).await;
    let mut by_nobody = bench.client(Some(&bench.workload("spiffe://example.org/nobody"))).await;
    let mut plain = bench.client(None).await;
    let of_orders = issue(&mut plain, "orders", &orders, None).await.unwrap().access_token;
    let of_stock = issue(&mut plain, "stock", &stock, None).await.unwrap().access_token;

    introspect(&mut by_orders, Some(&of_orders)).await.unwrap();
    introspect(&mut by_nobody, Some(&of_stock)).await.unwrap();
    assert_eq!(told(&introspect(&mut by_orders, Some(&of_stock)).await.unwrap_err()), denied());
    assert_eq!(told(&issue(&mut by_orders, "stock", &stock, None).await.unwrap_err()), denied());
    issue(&mut by_orders, "orders", &orders, None).await.unwrap();
    // A bad token is not made good by a certificate.
    let refused = introspect(&mut by_orders, Some("no.token.atall")).await.unwrap_err();
    assert_eq!(told(&refused), (Code::Unauthenticated, "ACCESS_TOKEN_INVALID".to_owned()));
    let kinds = bench.app.audit_kinds().await;
    assert_eq!(kinds.iter().filter(|kind| *kind == "service_certificate_mismatch").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_had_for_a_certificate_alone() {
    let bench = Bench::start().await;
    bench.service("orders", "orders:read orders:write", ORDERS).await;
    let mut client = bench.client(Some(&bench.workload(ORDERS))).await;
    let all = issue(&mut client, "", "", None).await.unwrap();
    assert_eq!(
        (all.scope.as_str(), &claims(&all.access_token)["client_id"]),
        ("orders:read orders:write", &"orders".into())
    );
    assert_eq!(issue(&mut client, "orders", "", Some("orders:read")).await.unwrap().scope, "orders:read");
    let refused = issue(&mut client, "stock", "", None).await.unwrap_err();
    assert_eq!(told(&refused), (Code::Unauthenticated, "INVALID_CREDENTIALS".to_owned()));
    assert_eq!(told(&issue(&mut client, "", "", Some("orders:delete")).await.unwrap_err()), denied());
    let mut nobody = bench.client(Some(&bench.workload(STOCK))).await;
    let refused = issue(&mut nobody, "", "", None).await.unwrap_err();
    assert_eq!(told(&refused), (Code::Unauthenticated, "INVALID_CREDENTIALS".to_owned()));
    let refused = issue(&mut bench.client(None).await, "orders", "", None).await.unwrap_err();
    assert_eq!(told(&refused), (Code::InvalidArgument, "VALIDATION_ERROR".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_disabled_is_refused_at_once_and_its_streams_end() {
    let bench = Bench::start().await;
    bench.service("orders", SCOPES, ORDERS).await;
    let mut client = bench.client(Some(&bench.workload(ORDERS))).await;
    introspect(&mut client, None).await.unwrap();
    let mut feed = watch(&mut client).await.unwrap();
    assert!(feed.message().await.unwrap().is_some());

    let sub = sub(&bench).await;
    bench.app.sql("UPDATE service_accounts SET disabled = TRUE").await;
    assert_eq!(told(&introspect(&mut client, None).await.unwrap_err()), unauthorized());
    end_tokens(&bench, sub).await;
    let ended = loop {
        if let Err(status) = feed.message().await {
            break status;
        }
    };
    assert_eq!(told(&ended), (Code::Unauthenticated, "SESSION_REVOKED".to_owned()));
    assert!(bench.app.audit_kinds().await.contains(&"service_refused_disabled".to_owned()));
}

async fn sub(bench: &Bench) -> uuid::Uuid {
    let mut client = bench.client(Some(&bench.workload(ORDERS))).await;
    let token = issue(&mut client, "", "", None).await.unwrap().access_token;
    claims(&token)["sub"].as_str().unwrap().parse().unwrap()
}

/// As the commands do.
async fn end_tokens(bench: &Bench, service: uuid::Uuid) {
    let now: Timestamp = bench.app.app.ctx.now();
    let line = Revocation {
        user_id: UserId(service),
        target: Target::User,
        not_before: now,
        reason: RevocationReason::Revoked,
        expires_at: now + sekisho::feed::STRIKES_FOR,
    };
    bench.app.app.ctx.stores.journal.append(&[line], &[], &[]).await.unwrap();
    bench.app.app.ctx.feed.wake();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_of_one_service_and_can_go_to_another() {
    let bench = Bench::start().await;
    bench.service("orders", SCOPES, ORDERS).await;
    bench.service("stock", "orders:read", STOCK).await;
    assert!(!bench.name("stock", ORDERS).await, "it is taken");
    let mut client = bench.client(Some(&bench.workload(ORDERS))).await;
    introspect(&mut client, None).await.unwrap();
    assert!(!bench.unname("stock", ORDERS).await, "it is not its own");
    assert!(bench.unname("orders", ORDERS).await);
    assert_eq!(told(&introspect(&mut client, None).await.unwrap_err()), unauthorized(), "at once");
    assert!(bench.name("stock", ORDERS).await);
    assert_eq!(told(&introspect(&mut client, None).await.unwrap_err()), denied(), "with the scopes of the other");
    let token = issue(&mut client, "", "", None).await.unwrap();
    assert_eq!(claims(&token.access_token)["client_id"], "stock");
}

/// Its own certificate says who the proxy is, and not who calls through it.
#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_lends_nobody_its_certificate() {
    let bench = Bench::with(&[("SEKISHO_TRUSTED_PROXIES", "127.0.0.0/8")]).await;
    bench.service("orders", SCOPES, ORDERS).await;
    let refused = bench.asks(Some(&bench.workload(ORDERS))).await.unwrap_err();
    assert_eq!(told(&refused), unauthorized());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_header_says_of_a_certificate_is_not_believed() {
    let bench = Bench::start().await;
    bench.service("orders", SCOPES, ORDERS).await;
    let mut client = bench.client(None).await;
    let message = sekisho::proto::sekisho::v1::IntrospectRequest { token: "no token".to_owned() };
    let mut request = tonic::Request::new(message);
    request.metadata_mut().insert("x-forwarded-client-cert", format!("URI={ORDERS}").parse().unwrap());
    assert_eq!(told(&client.introspect(request).await.unwrap_err()), unauthorized());
}

/// A browser shows its certificate for any page.
#[tokio::test(flavor = "multi_thread")]
async fn no_page_calls_by_the_certificate_of_its_reader() {
    let bench = Bench::start().await;
    bench.service("orders", SCOPES, ORDERS).await;
    let mut client = bench.client(Some(&bench.workload(ORDERS))).await;
    introspect(&mut client, None).await.unwrap();
    for (name, value) in [("origin", "https://elsewhere.example"), ("sec-fetch-site", "cross-site")] {
        let message = sekisho::proto::sekisho::v1::IntrospectRequest { token: "no token".to_owned() };
        let mut request = tonic::Request::new(message);
        request.metadata_mut().insert(name, value.parse().unwrap());
        assert_eq!(told(&client.introspect(request).await.unwrap_err()), unauthorized(), "{name}");
    }
}

/// Also where the call comes as REST, and for people's routes not at all.
#[tokio::test(flavor = "multi_thread")]
async fn over_rest_it_is_the_same() {
    let bench = Bench::start().await;
    bench.service("orders", "audit:read", ORDERS).await;
    let (ours, other) = (bench.workload(ORDERS), bench.workload(STOCK));
    let get = async |issued, path: &str| {
        Client::showing(&bench.servers, issued).get(bench.app.app.listen, path).await.unwrap()
    };
    let events = "/api/v1/audit/events";
    assert!(get(&ours, events).await.starts_with("HTTP/1.1 200"), "{}", get(&ours, events).await);
    assert!(get(&other, events).await.starts_with("HTTP/1.1 401"));
    assert!(get(&ours, "/api/v1/user/profile").await.starts_with("HTTP/1.1 401"));
}

/// Browsers have none to show.
#[tokio::test(flavor = "multi_thread")]
async fn whether_a_certificate_is_needed_is_set() {
    let keys = "/.well-known/jwks.json";
    let bench = Bench::start().await;
    let answer = Client::of(&bench.servers).get(bench.app.app.listen, keys).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let bench = Bench::with(&[("SEKISHO_TLS_CLIENT_AUTH", "required")]).await;
    assert!(Client::of(&bench.servers).get(bench.app.app.listen, keys).await.is_err());
    let answer = Client::showing(&bench.servers, &bench.workload(ORDERS)).get(bench.app.app.listen, keys).await;
    assert!(answer.unwrap().starts_with("HTTP/1.1 200"));
}

/// Each is a line of the audit log.
#[tokio::test(flavor = "multi_thread")]
async fn attempts_of_a_stranger_are_limited() {
    let bench = Bench::start().await;
    let mut client = bench.client(Some(&bench.workload(ORDERS))).await;
    for _ in 0..20 {
        assert_eq!(told(&introspect(&mut client, None).await.unwrap_err()), unauthorized());
    }
    let refused = introspect(&mut client, None).await.unwrap_err();
    assert_eq!(told(&refused), (Code::ResourceExhausted, "RATE_LIMIT_EXCEEDED".to_owned()));
    assert_eq!(bench.counted("rate_limited").await, 1);
}

/// So is being two services at once, which is a line of the log as well.
#[tokio::test(flavor = "multi_thread")]
async fn mismatches_are_limited() {
    let bench = Bench::start().await;
    bench.service("orders", SCOPES, ORDERS).await;
    let stock = bench.service("stock", SCOPES, STOCK).await;
    let of_stock = issue(&mut bench.client(None).await, "stock", &stock, None).await.unwrap().access_token;
    let mut client = bench.client(Some(&bench.workload(ORDERS))).await;
    for _ in 0..20 {
        assert_eq!(told(&introspect(&mut client, Some(&of_stock)).await.unwrap_err()), denied());
    }
    let refused = introspect(&mut client, Some(&of_stock)).await.unwrap_err();
    assert_eq!(told(&refused), (Code::ResourceExhausted, "RATE_LIMIT_EXCEEDED".to_owned()));
    assert_eq!(bench.counted("service_certificate_mismatch").await, 20);
}

/// A look at a certificate asks the stores, and takes a place among the calls for it.
#[tokio::test(flavor = "multi_thread")]
async fn where_there_is_no_place_no_certificate_is_looked_at() {
    // Seconds for a hash, and no limit that a busy machine comes to.
    let settings = [("SEKISHO_MAX_CALLS", "1"), ("SEKISHO_BCRYPT_COST", "15"), ("SEKISHO_CALL_TIMEOUT", "300")];
    let bench = Bench::with(&settings).await;
    bench.service("orders", SCOPES, ORDERS).await;
    let mut client = bench.client(Some(&bench.workload(ORDERS))).await;
    let channel = bench.channel(bench.app.app.listen, None).await.unwrap();
    let login = LoginRequest {
        email: ADA.to_owned(),
        password: WRONG.to_owned(),
        client_id: "phone".to_owned(),
        device_name: None,
    };
    let slow = tokio::spawn(async move { AuthServiceClient::new(channel).login(login).await });
    eventually(async || bench.app.ops_text("/metrics").await.contains("sekisho_calls_in_flight 1\n")).await;
    let refused = introspect(&mut client, None).await.unwrap_err();
    assert_eq!(told(&refused), (Code::Unavailable, "OVERLOADED".to_owned()));
    assert_eq!(bench.counted("service_certificate_accepted").await, 0);
    assert_eq!(reason(&slow.await.unwrap().unwrap_err()), "INVALID_CREDENTIALS", "it had the place");
    introspect(&mut client, None).await.unwrap();
}
