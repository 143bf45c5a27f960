//! What is in the trace of a call.

use opentelemetry_proto::tonic::trace::v1::{Span, span::SpanKind, status::StatusCode};
use reqwest::Method;
use sekisho::proto::sekisho::v1::{GetProfileRequest, auth_service_client::AuthServiceClient};
use serde_json::json;
use tonic::{Code, Request, transport::Channel};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use super::{
    CALLER, LOGIN, Traced, login, login_json, parent,
    sink::{Sink, attribute, named},
    trace,
};
use crate::{
    support::{acts::ADA, http, stack::Stack},
    surfaces::grpc_web::{self, Encoding},
};

/// Which store keeps sessions.
fn of_sessions() -> &'static str {
    match Stack::chosen() {
        Stack::Sqlite => "sqlite",
        Stack::Postgres | Stack::PostgresRoles => "postgresql",
        Stack::PostgresAndRedis => "redis",
    }
}

async fn login_in(traced: &Traced, surface: &str, traceparent: &str) {
    match surface {
        "grpc" => {
            let mut request = Request::new(login());
            request.metadata_mut().insert("traceparent", traceparent.parse().unwrap());
            let mut client = AuthServiceClient::connect(traced.service.base()).await.unwrap();
            client.login(request).await.unwrap();
        }
        "grpc-web" => {
            let request = traced.service.request(Method::POST, &format!("/{LOGIN}"));
            let reply = grpc_web::ask(request.header("traceparent", traceparent), Encoding::Binary, &login()).await;
            assert_eq!(reply.trailer("grpc-status"), Some("0"));
        }
        _ => {
            let request = traced.service.request(Method::POST, "/api/v1/auth/login");
            let answer = http::send(request.header("traceparent", traceparent).json(&login_json())).await;
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    }
}

fn is_child_of(child: &Span, parent: &Span) {
    assert_eq!(child.parent_span_id, parent.span_id, "{} is part of {}", child.name, parent.name);
    assert!(parent.start_time_unix_nano <= child.start_time_unix_nano, "{child:?}");
    assert!(child.start_time_unix_nano <= child.end_time_unix_nano, "{child:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_one_trace_on_every_surface() {
    let sink = Sink::start().await;
    let traced = Traced::trusting(&sink, &[]).await;
    traced.service.sign_up(ADA, "laptop").await;
    let opens = "sessions.open";
    for (number, surface) in [(1, "grpc"), (2, "grpc-web"), (3, "rest")] {
        let id = trace(number);
        login_in(&traced, surface, &parent(&id, true)).await;
        let spans = sink.trace_with(&id, &[LOGIN, opens, "hasher.wait", "hasher.work"]).await;

        let call = named(&spans, LOGIN);
        assert_eq!(hex::encode(&call.parent_span_id), CALLER);
        assert_eq!(call.kind(), SpanKind::Server);
        let told = |name: &str| attribute(call, name);
        assert_eq!(told("sekisho.surface").as_deref(), Some(surface));
        assert_eq!(told("rpc.system").as_deref(), Some("grpc"));
        assert_eq!(told("rpc.service").as_deref(), Some("sekisho.v1.AuthService"));
        assert_eq!(told("rpc.method").as_deref(), Some("Login"));
        assert_eq!(told("rpc.grpc.status_code").as_deref(), Some("0"));
        let (version, of_rest) = if surface == "grpc" { ("2", None) } else { ("1.1", Some(surface)) };
        assert_eq!(told("network.protocol.version").as_deref(), Some(version));
        let is_rest = of_rest == Some("rest");
        assert_eq!(told("http.route"), is_rest.then(|| "/api/v1/auth/login".to_owned()));
        assert_eq!(told("http.request.method"), is_rest.then(|| "POST".to_owned()));
        assert_eq!(told("http.response.status_code"), is_rest.then(|| "200".to_owned()));

        let opens = named(&spans, opens);
        assert_eq!(attribute(opens, "db.system.name").as_deref(), Some(of_sessions()));
        assert_eq!(opens.kind(), SpanKind::Client);
        for part in
            [opens, named(&spans, "accounts.by_email"), named(&spans, "hasher.wait"), named(&spans, "hasher.work")]
        {
            is_child_of(part, call);
        }
        let (wait, work) = (named(&spans, "hasher.wait"), named(&spans, "hasher.work"));
        assert!(wait.end_time_unix_nano <= work.start_time_unix_nano, "first it waits: {wait:?}, {work:?}");
        assert!(spans.iter().all(|span| span.events.is_empty()), "no line of the log is in a span");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_belongs_to_the_call_that_asked_for_it() {
    let sink = Sink::start().await;
    let traced = Traced::trusting(&sink, &[]).await;
    let body = json!({"email": ADA, "password": crate::support::app::PASSWORD, "client_id": "laptop"});
    let request = traced.service.request(Method::POST, "/api/v1/auth/signup/send-code").json(&body);
    assert_eq!(http::send(request.header("traceparent", parent(&trace(1), true))).await.status, 200);
    let rpc = "sekisho.v1.AuthService/SendSignupCode";
    let spans = sink.trace_with(&trace(1), &[rpc, "mail", "mail.delivery"]).await;
    let mail = named(&spans, "mail");
    is_child_of(mail, named(&spans, rpc));
    is_child_of(named(&spans, "mail.delivery"), mail);
    assert_eq!(attribute(named(&spans, rpc), "http.route").as_deref(), Some("/api/v1/auth/signup/send-code"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_a_trace_of_its_own() {
    let sink = Sink::start().await;
    let traced = Traced::trusting(&sink, &[]).await;
    traced.service.sign_up(ADA, "laptop").await;
    let reset = traced.service.try_reset(ADA, "eleven purple gates at dawn", "laptop").await.unwrap();
    assert_eq!(reset.0, 200, "{reset:?}");
    let ended = traced.stop().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let spans = sink.spans();
    let notice = spans.iter().find(|span| span.name == "notice").expect("a notice");
    assert!(notice.parent_span_id.is_empty());
    let delivery = spans.iter().find(|span| span.parent_span_id == notice.span_id && span.name == "mail.delivery");
    is_child_of(delivery.expect("its delivery"), notice);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_says_why() {
    let sink = Sink::start().await;
    let traced = Traced::trusting(&sink, &[]).await;
    let wrong = json!({"email": ADA, "password": "wrong horse battery", "client_id": "phone"});
    let ask = async |number: u8, method: Method, path: &str, body: serde_json::Value| {
        let request = traced.service.request(method, path).header("traceparent", parent(&trace(number), true));
        http::send(request.json(&body)).await
    };
    ask(1, Method::POST, "/api/v1/auth/login", wrong).await.refused(401, "invalid_credentials");
    ask(2, Method::POST, "/api/v1/auth/login", json!({})).await.refused(400, "validation_error");
    ask(3, Method::POST, "/api/v1/auth/login", json!([])).await.refused(400, "validation_error");
    ask(4, Method::POST, "/api/v1/nowhere/ada@example.com", json!({})).await.refused(404, "not_found");
    let options = Method::from_bytes(b"ADA").unwrap();
    ask(5, options, "/api/v1/auth/login", json!({})).await.refused(405, "method_not_allowed");
    let channel = Channel::from_shared(traced.service.base()).unwrap().connect().await.unwrap();
    let mut users = sekisho::proto::sekisho::v1::user_service_client::UserServiceClient::new(channel.clone());
    let mut request = Request::new(GetProfileRequest {});
    request.metadata_mut().insert("traceparent", parent(&trace(6), true).parse().unwrap());
    assert_eq!(users.get_profile(request).await.unwrap_err().code(), Code::Unauthenticated);

    for (number, name, reason, grpc, rest) in [
        (1, LOGIN, "INVALID_CREDENTIALS", Some("16"), Some("401")),
        (2, LOGIN, "VALIDATION_ERROR", Some("3"), Some("400")),
        (3, LOGIN, "VALIDATION_ERROR", None, Some("400")),
        (4, "POST", "NOT_FOUND", None, Some("404")),
        (5, "_OTHER", "METHOD_NOT_ALLOWED", None, Some("405")),
        (6, "sekisho.v1.UserService/GetProfile", "UNAUTHORIZED", Some("16"), None),
    ] {
        let spans = sink.trace_with(&trace(number), &[name]).await;
        let call = named(&spans, name);
        assert_eq!(attribute(call, "sekisho.reason").as_deref(), Some(reason), "{number}");
        assert_eq!(attribute(call, "rpc.grpc.status_code").as_deref(), grpc, "{number}");
        assert_eq!(attribute(call, "http.response.status_code").as_deref(), rest, "{number}");
        // The fault of the caller, and not of the service.
        assert_ne!(call.status.as_ref().map(|status| status.code()), Some(StatusCode::Error), "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_and_made_up_methods_are_no_traces() {
    let sink = Sink::start().await;
    let traced = Traced::trusting(&sink, &[]).await;
    let channel = Channel::from_shared(traced.service.base()).unwrap().connect().await.unwrap();
    let mut probe = Request::new(HealthCheckRequest::default());
    probe.metadata_mut().insert("traceparent", parent(&trace(1), true).parse().unwrap());
    HealthClient::new(channel).check(probe).await.unwrap();
    let made_up = traced.service.request(Method::POST, "/sekisho.v1.AuthService/Login2");
    grpc_web::ask(made_up.header("traceparent", parent(&trace(2), true)), Encoding::Binary, &login()).await;
    traced.keys(&parent(&trace(3), true)).await;
    traced.stop().await;
    assert_eq!((sink.trace(&trace(1)).len(), sink.trace(&trace(2)).len()), (0, 0));
    assert!(!sink.trace(&trace(3)).is_empty());
}
