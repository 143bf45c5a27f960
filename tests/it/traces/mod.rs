//! Traces, as a collector gets them from the real binary.

mod calls;
mod logs;
mod outages;
mod privacy;
mod settings;
mod sink;
mod trust;

use reqwest::Method;
use rustix::process::Signal;
use sekisho::proto::sekisho::v1::LoginRequest;
use serde_json::json;
use tempfile::TempDir;

use self::sink::Sink;
use crate::support::{
    Answer,
    acts::ADA,
    app::PASSWORD,
    http,
    process::{Ended, Service, dev_settings},
    stack::Stack,
};

const LOGIN: &str = "sekisho.v1.AuthService/Login";
/// Of the caller.
const CALLER: &str = "00f067aa0ba902b7";

/// `sekisho dev` in a folder of its own, whose traces go to a collector at once.
struct Traced {
    service: Service,
    _folder: TempDir,
}

impl Traced {
    async fn start(endpoint: &str, settings: &[(&'static str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut all = dev_settings();
        all.extend(Stack::chosen().settings(folder.path()).await);
        all.extend([
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.to_owned()),
            ("OTEL_BSP_SCHEDULE_DELAY", "20".to_owned()),
            ("SEKISHO_LOG_FORMAT", "json".to_owned()),
        ]);
        all.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Self { service: Service::start(folder.path(), &["dev"], &all).await, _folder: folder }
    }

    /// One that believes whoever calls from this host.
    async fn trusting(sink: &Sink, settings: &[(&'static str, &str)]) -> Self {
        let trust = [("SEKISHO_TRACE_TRUST", "127.0.0.1")];
        Self::start(&sink.endpoint(), &[&trust[..], settings].concat()).await
    }

    /// Gets the keys, which everybody may, as part of a trace.
    async fn keys(&self, traceparent: &str) -> Answer {
        let request = self.service.request(Method::GET, "/.well-known/jwks.json");
        http::send(request.header("traceparent", traceparent)).await
    }

    /// Stops it, which sends what waits.
    async fn stop(self) -> Ended {
        self.service.signal(Signal::TERM);
        self.service.ended().await
    }
}

/// What a caller in this trace sends.
fn parent(trace: &str, is_sampled: bool) -> String {
    format!("00-{trace}-{CALLER}-0{}", u8::from(is_sampled))
}

/// A number of a trace.
fn trace(number: u8) -> String {
    format!("{number:02x}").repeat(16)
}

fn login() -> LoginRequest {
    let (email, password, client_id) = (ADA.to_owned(), PASSWORD.to_owned(), "phone".to_owned());
    LoginRequest { email, password, client_id, device_name: None }
}

fn login_json() -> serde_json::Value {
    json!({"email": ADA, "password": PASSWORD, "client_id": "phone"})
}
