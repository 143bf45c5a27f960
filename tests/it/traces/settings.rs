//! How traces are set up, as the OpenTelemetry specification says.

use rcgen::generate_simple_self_signed;

use super::{Traced, parent, sink::Sink, trace};
use crate::support::process::{dev_settings, run};

const KEYS: &str = "sekisho.v1.TokenService/GetKeys";

#[tokio::test(flavor = "multi_thread")]
async fn the_collector_is_told_who_sends() {
    let sink = Sink::start().await;
    let settings = [
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20one%2C%20two,x-tenant=a"),
        ("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=staging,service.name=other"),
        ("OTEL_SERVICE_NAME", "sign-in"),
    ];
    let traced = Traced::trusting(&sink, &settings).await;
    traced.keys(&parent(&trace(1), true)).await;
    sink.trace_with(&trace(1), &[KEYS]).await;
    assert_eq!(sink.headers("authorization")[0], "Bearer one, two");
    assert_eq!(sink.headers("x-tenant")[0], "a");
    assert_eq!(sink.resource("service.name").as_deref(), Some("sign-in"));
    assert_eq!(sink.resource("deployment.environment.name").as_deref(), Some("staging"));
    assert_eq!(sink.resource("service.version").as_deref(), Some(env!("CARGO_PKG_VERSION")));
    let log = traced.stop().await.stderr;
    assert!(!log.contains("Bearer"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_may_speak_tls() {
    let made = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    let sink = Sink::start_with(&certificate, &key).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    std::fs::write(&file, certificate).unwrap();
    let settings = [("OTEL_EXPORTER_OTLP_CERTIFICATE", file.to_str().unwrap()), ("SEKISHO_TRACE_TRUST", "127.0.0.1")];
    let endpoint = format!("https://localhost:{}", sink.address.port());
    let traced = Traced::start(&endpoint, &settings).await;
    traced.keys(&parent(&trace(1), true)).await;
    sink.trace_with(&trace(1), &[KEYS]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_switched_off_sends_nothing() {
    let sink = Sink::start().await;
    for off in [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "none"), ("OTEL_TRACES_SAMPLER", "always_off")]
    {
        let traced = Traced::trusting(&sink, &[off]).await;
        assert_eq!(traced.keys(&parent(&trace(1), true)).await.status, 200);
        assert_eq!(traced.stop().await.code, Some(0));
        assert!(sink.spans().is_empty(), "{off:?}");
    }
}

#[tokio::test]
async fn each_fault_is_named_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = dev_settings();
    let faults = [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "hunter2"),
        ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
        ("SEKISHO_MAX_CALLS", "0"),
    ];
    settings.push(("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4317".to_owned()));
    settings.extend(faults.map(|(name, value)| (name, value.to_owned())));
    let ended = run(folder.path(), &["dev"], &settings).await;
    assert_eq!(ended.code, Some(78), "{}", ended.stderr);
    for (name, _) in faults {
        assert_eq!(ended.stderr.matches(&format!("{name}: ")).count(), 1, "{name} in {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
}
