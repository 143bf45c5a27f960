//! What is exposed is what the page describes.

use std::collections::BTreeSet;

use sekisho::telemetry::{Described, Metrics, Values};

use crate::{
    audit::tour,
    support::{acts::ADA, scrape::Sample},
};

/// Of servers: a file has no clock and no settings.
const NOT_ALWAYS: [&str; 2] = ["sekisho_redis_setting_wrong", "sekisho_store_clock_skew_seconds"];

fn described() -> Vec<Described> {
    Metrics::default().described().iter().flat_map(|(_, metrics)| metrics.clone()).collect()
}

/// The name of a sample without what a histogram adds to it.
fn metric_of<'a>(sample: &Sample, described: &'a [Described]) -> &'a Described {
    let is_of = |metric: &&Described| match metric.kind.as_str() {
        "histogram" => ["_bucket", "_sum", "_count"].iter().any(|it| sample.name == format!("{}{it}", metric.name)),
        _ => sample.name == metric.name,
    };
    described.iter().find(is_of).unwrap_or_else(|| panic!("{sample:?} is not described"))
}

fn is_allowed(label: &str, value: &str, values: &Values) -> bool {
    let methods: BTreeSet<String> =
        sekisho::grpc::policy().unwrap().iter().map(|(path, _)| path[1..].to_owned()).collect();
    match (label, values) {
        (_, Values::Words(words)) => words.contains(&value),
        ("method", Values::Like(_)) => {
            let others = ["Check", "List", "Watch"].map(|rpc| format!("grpc.health.v1.Health/{rpc}"));
            methods.contains(value) || others.iter().any(|it| it == value) || ["openapi.json", "other"].contains(&value)
        }
        ("operation", Values::Like(_)) => {
            let is_word =
                |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            ["probe", "ping"].contains(&value)
                || value.split_once('.').is_some_and(|(of, act)| is_word(of) && is_word(act))
        }
        _ => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_labels_and_their_values_are_those_of_the_page() {
    let app = tour::app().await;
    tour::take(&app).await;
    app.ops_text("/readyz").await;
    sekisho::jobs::count_sessions(&app.app.ctx).await.unwrap();
    let (scrape, described) = (app.scrape().await, described());

    for sample in &scrape.samples {
        let metric = metric_of(sample, &described);
        let mut labels: BTreeSet<&str> = metric.labels.iter().map(|(label, _)| *label).collect();
        if sample.name.ends_with("_bucket") {
            labels.insert("le");
        }
        assert_eq!(sample.labels.keys().map(String::as_str).collect::<BTreeSet<_>>(), labels, "{sample:?}");
        for (label, values) in &metric.labels {
            assert!(is_allowed(label, &sample.labels[*label], values), "{sample:?}");
        }
    }
    for metric in described.iter().filter(|metric| !NOT_ALWAYS.contains(&metric.name.as_str())) {
        let is_there = scrape.samples.iter().any(|sample| metric_of(sample, &described).name == metric.name);
        assert!(is_there, "{} is described, and not there", metric.name);
    }
    assert!(!app.ops_text("/metrics").await.contains(ADA));
}

#[test]
fn each_name_is_described_once_and_by_the_rules() {
    let described = described();
    let names: BTreeSet<&str> = described.iter().map(|metric| metric.name.as_str()).collect();
    assert_eq!(names.len(), described.len());
    for Described { name, kind, meaning, good_for, .. } in &described {
        assert!(name.starts_with("sekisho_") || name.starts_with("process_"), "{name}");
        assert_eq!(name.ends_with("_total"), kind == "counter", "{name}");
        assert!(!meaning.is_empty() && !good_for.is_empty(), "{name}");
        assert!(!meaning.ends_with('.') && !meaning.contains('|') && !good_for.contains('|'), "{name}");
    }
}
