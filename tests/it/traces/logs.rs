//! Lines of the log: one for each failure, and the trace that it belongs to.

use reqwest::Method;
use serde_json::{Value, json};

use super::{CALLER, LOGIN, Traced, login, login_json, parent, sink::Sink, trace};
use crate::{
    support::{
        acts::ADA,
        http,
        proxy::{Mode, Proxy},
        servers::postgres_database,
    },
    surfaces::grpc_web::{self, Encoding},
};

fn lines(log: &str) -> Vec<Value> {
    log.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// R72.
#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_fails_is_one_line() {
    let (sink, database) = (Sink::start().await, postgres_database().await);
    let database: url::Url = database.parse().unwrap();
    let server = (database.host_str().unwrap(), database.port().unwrap());
    let server = tokio::net::lookup_host(server).await.unwrap().next().unwrap();
    let proxy = Proxy::before(server).await;
    let mut behind = database.clone();
    behind.set_ip_host(proxy.address.ip()).unwrap();
    behind.set_port(Some(proxy.address.port())).unwrap();
    let settings = [("SEKISHO_DATABASE_URL", behind.as_str()), ("SEKISHO_DATABASE_TIMEOUT", "4000")];
    let traced = Traced::trusting(&sink, &settings).await;
    traced.service.sign_up(ADA, "laptop").await;
    proxy.set(Mode::Refuse).await;
    for (number, surface) in [(1, "rest"), (2, "grpc-web")] {
        let id = format!("failure-{number}");
        let request = match surface {
            "rest" => traced.service.request(Method::POST, "/api/v1/auth/login").json(&login_json()),
            _ => traced.service.request(Method::POST, "/sekisho.v1.AuthService/Login"),
        };
        let request = request.header("x-request-id", &id).header("traceparent", parent(&trace(number), number == 1));
        match surface {
            "rest" => http::send(request).await.refused(503, "store_unavailable"),
            _ => {
                let reply = grpc_web::ask(request, Encoding::Binary, &login()).await;
                assert_eq!(reply.trailer("grpc-status"), Some("14"));
            }
        }
    }
    let log = traced.stop().await.stderr;
    for number in [1, 2] {
        let id = format!("failure-{number}");
        let about: Vec<Value> = lines(&log).into_iter().filter(|line| line["request_id"] == id.as_str()).collect();
        let [line] = about.as_slice() else { panic!("{id}: {about:#?}") };
        assert_eq!((&line["level"], &line["message"]), (&json!("ERROR"), &json!("store unavailable")));
        assert_eq!((&line["reason"], &line["method"]), (&json!("STORE_UNAVAILABLE"), &json!(LOGIN)));
        assert!(line["cause"].as_str().is_some_and(|cause| !cause.is_empty()), "{line}");
        // Also where the call is not sampled.
        assert_eq!(line["trace_id"], trace(number).as_str());
        assert!(line["span_id"].as_str().is_some_and(|span| span.len() == 16 && span != CALLER), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_people_is_found_by_its_trace() {
    let sink = Sink::start().await;
    let traced = Traced::trusting(&sink, &[]).await;
    let body = json!({"email": ADA, "password": "wrong horse battery", "client_id": "phone"});
    let request = traced.service.request(Method::POST, "/api/v1/auth/login").json(&body);
    http::send(request.header("traceparent", parent(&trace(1), true))).await.refused(401, "invalid_credentials");
    let log = traced.stop().await.stderr;
    let events: Vec<Value> = lines(&log).into_iter().filter(|line| line["trace_id"] == trace(1).as_str()).collect();
    assert!(events.iter().any(|line| line["target"] == "sekisho::audit"), "{log}");
    assert!(lines(&log).iter().any(|line| line.get("trace_id").is_none()), "what is part of no call names none");
}

/// R73. What a caller may send goes into one line each, in both formats.
#[tokio::test(flavor = "multi_thread")]
async fn no_caller_forges_a_line() {
    let sink = Sink::start().await;
    for format in ["json", "pretty"] {
        let settings = [("SEKISHO_LOG_FORMAT", format), ("SEKISHO_LOG", "debug")];
        let traced = Traced::trusting(&sink, &settings).await;
        for forgery in ["a\",\"level\":\"ERROR\",\"forged\":\"", "a forged=1", "%0aforged=1", "\u{9b}forged"] {
            let request = traced.service.request(Method::POST, &format!("/api/{}", forgery.replace(' ', "+")));
            let request = request.header("x-request-id", forgery.as_bytes()).header("user-agent", forgery.as_bytes());
            let body = json!({"email": forgery, "password": forgery, "client_id": forgery});
            http::send(request.json(&body)).await;
            let request = traced.service.request(Method::POST, "/api/v1/auth/login");
            let request =
                request.header("user-agent", forgery.as_bytes()).header("accept-language", forgery.as_bytes());
            http::send(request.bearer_auth(forgery.escape_default()).json(&body)).await;
        }
        let log = traced.stop().await.stderr;
        let begins =
            |line: &str| if format == "json" { line.starts_with("{\"timestamp\"") } else { line.starts_with("20") };
        assert!(log.lines().all(begins), "{log}");
        assert!(!log.contains("forged=1") && !log.contains("\"forged\"") && !log.contains('\u{9b}'), "{log}");
    }
}

/// The messages of a source, at the levels that are for everybody.
fn messages(source: &str) -> Vec<String> {
    let calls = ["info", "warn", "error"].map(|level| format!("tracing::{level}!("));
    let calls = calls.iter().flat_map(|call| source.split(call.as_str()).skip(1));
    // The message is the last of the arguments.
    calls.map(|call| call.split("\")").next().unwrap().rsplit('"').next().unwrap().to_owned()).collect()
}

fn sources(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| !path.ends_with("tests.rs"))
        .collect()
}

/// A line that nobody has explained explains nothing.
#[test]
fn each_message_is_in_the_documents() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/telemetry.md")).unwrap();
    let mut count = 0;
    for file in sources(&root.join("src")) {
        for message in messages(&std::fs::read_to_string(&file).unwrap()) {
            count += 1;
            assert!(page.contains(&format!("| `{message}` |")), "{message:?} of {} is not there", file.display());
        }
    }
    assert!(count > 30, "{count} messages were found");
}
