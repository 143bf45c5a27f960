//! A collector that is away, or says nothing, is no matter of the callers.

use super::{Traced, parent, sink::Sink, trace};
use crate::support::{
    eventually,
    proxy::{Mode, Proxy},
};

const KEYS: &str = "sekisho.v1.TokenService/GetKeys";

async fn lost(traced: &Traced) -> u64 {
    let metrics = traced.service.ops("/metrics").await.text().await.unwrap();
    let line = metrics.lines().find_map(|line| line.strip_prefix("sekisho_trace_spans_lost_total "));
    line.expect("the metric").parse().unwrap()
}

async fn goes_on_and_comes_back(mode: Mode) {
    let sink = Sink::start().await;
    let proxy = Proxy::before(sink.address).await;
    let settings = [
        ("SEKISHO_TRACE_TRUST", "127.0.0.1"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "3000"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "8"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "8"),
    ];
    let traced = Traced::start(&format!("http://{}", proxy.address), &settings).await;
    traced.keys(&parent(&trace(1), true)).await;
    sink.trace_with(&trace(1), &[KEYS]).await;

    proxy.set(mode).await;
    // More outages than one would be, were each batch one; and more than fits into the queue.
    // All are lost only when what was on its way is given up, too.
    for _ in 0..5 {
        let before = lost(&traced).await;
        for _ in 0..20 {
            assert_eq!(traced.keys(&parent(&trace(2), true)).await.status, 200);
        }
        eventually(async || lost(&traced).await >= before + 20).await;
    }

    proxy.set(Mode::Pass).await;
    eventually(async || {
        traced.keys(&parent(&trace(3), true)).await;
        !sink.trace(&trace(3)).is_empty()
    })
    .await;
    let log = traced.stop().await.stderr;
    assert_eq!(log.matches("traces are not delivered").count(), 1, "{log}");
    assert_eq!(log.matches("traces are delivered again").count(), 1, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_listens() {
    goes_on_and_comes_back(Mode::Refuse).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_answered() {
    goes_on_and_comes_back(Mode::Hang).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_was_never_there_holds_up_neither_the_start_nor_the_end() {
    // The port of discard: nobody listens.
    let traced = Traced::start("http://127.0.0.1:9", &[]).await;
    assert_eq!(traced.keys(&parent(&trace(1), true)).await.status, 200);
    let ended = traced.stop().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_sends_what_waits() {
    let sink = Sink::start().await;
    let traced = Traced::trusting(&sink, &[("OTEL_BSP_SCHEDULE_DELAY", "600000")]).await;
    for number in 1..=50 {
        traced.keys(&parent(&trace(number), true)).await;
    }
    assert!(sink.spans().is_empty());
    traced.stop().await;
    for number in 1..=50 {
        assert!(!sink.trace(&trace(number)).is_empty(), "{number}");
    }
}
