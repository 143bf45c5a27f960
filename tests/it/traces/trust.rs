//! Whose word is taken for the trace of a call, and which calls are sampled.

use super::{
    CALLER, Traced, parent,
    sink::{Sink, named},
    trace,
};

const KEYS: &str = "sekisho.v1.TokenService/GetKeys";
const OFF: (&str, &str) = ("OTEL_TRACES_SAMPLER", "parentbased_always_off");
/// So long that only the end sends anything.
const LATE: (&str, &str) = ("OTEL_BSP_SCHEDULE_DELAY", "600000");

#[tokio::test(flavor = "multi_thread")]
async fn who_is_believed_decides_what_is_sampled() {
    let sink = Sink::start().await;
    let traced = Traced::trusting(&sink, &[OFF, LATE]).await;
    for (number, is_sampled) in [(1, true), (2, false)] {
        assert_eq!(traced.keys(&parent(&trace(number), is_sampled)).await.status, 200);
    }
    assert_eq!(traced.keys("junk").await.status, 200);
    assert!(sink.spans().is_empty());
    let ended = traced.stop().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let spans = sink.spans();
    assert_eq!(hex::encode(&named(&spans, KEYS).parent_span_id), CALLER, "what was not sampled is not there");
    assert!(spans.iter().all(|span| hex::encode(&span.trace_id) == trace(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_can_force_no_trace_and_join_none() {
    let sink = Sink::start().await;
    let traced = Traced::start(&sink.endpoint(), &[OFF]).await;
    assert_eq!(traced.keys(&parent(&trace(1), true)).await.status, 200);
    traced.stop().await;
    assert!(sink.spans().is_empty());

    let traced = Traced::start(&sink.endpoint(), &[]).await;
    for is_sampled in [true, false] {
        traced.keys(&parent(&trace(1), is_sampled)).await;
    }
    traced.stop().await;
    let calls: Vec<_> = sink.spans().into_iter().filter(|span| span.name == KEYS).collect();
    assert_eq!(calls.len(), 2, "whether a call is sampled is ours to say");
    for call in calls {
        assert_ne!(hex::encode(&call.trace_id), trace(1));
        assert!(call.parent_span_id.is_empty());
        assert_eq!(call.links.len(), 1);
        assert_eq!(hex::encode(&call.links[0].trace_id), trace(1));
        assert_eq!(hex::encode(&call.links[0].span_id), CALLER);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn junk_makes_a_fresh_trace() {
    let sink = Sink::start().await;
    let traced = Traced::trusting(&sink, &[]).await;
    for junk in ["junk", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "ff-0-0-0\"{}"] {
        assert_eq!(traced.keys(junk).await.status, 200, "{junk}");
    }
    traced.stop().await;
    let calls: Vec<_> = sink.spans().into_iter().filter(|span| span.name == KEYS).collect();
    let mut traces: Vec<_> = calls.iter().map(|call| call.trace_id.clone()).collect();
    traces.dedup();
    assert_eq!((calls.len(), traces.len()), (3, 3));
    assert!(calls.iter().all(|call| call.parent_span_id.is_empty() && call.links.is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_the_traces_is_about_that_part() {
    let sink = Sink::start().await;
    let ratio = [("OTEL_TRACES_SAMPLER", "parentbased_traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0.5")];
    let traced = Traced::start(&sink.endpoint(), &ratio).await;
    // The number of the trace is the caller's, and none that a stranger makes up is sampled more often.
    let always = "00000000000000000000000000000001";
    for _ in 0..200 {
        traced.keys(&parent(always, true)).await;
    }
    traced.stop().await;
    let calls = sink.spans().into_iter().filter(|span| span.name == KEYS).count();
    // Further off than that once in 10^12 runs.
    assert!((50..=150).contains(&calls), "{calls} of 200");
}
