//! The page docs/metrics.md.

use super::{Described, Metrics, Values};
use crate::domain::{Limit, RefreshOutcome};

/// Every metric: what it says, and what it is good for.
pub fn markdown() -> String {
    let metrics = Metrics::default();
    let mut page = HEAD.to_owned();
    for (heading, described) in metrics.described() {
        page.push_str(&format!("\n## {heading}\n\n| metric | type | unit | labels | what it says | good for |\n"));
        page.push_str("|---|---|---|---|---|---|\n");
        described.iter().for_each(|metric| page.push_str(&row(metric)));
        if *heading == "Flows" {
            page.push_str(&words(
                "outcome",
                "a refresh",
                RefreshOutcome::ALL.iter().map(|it| (it.as_str(), it.meaning())),
            ));
            page.push_str(&words("limit", "what it bounds", Limit::ALL.iter().map(|it| (it.as_str(), it.meaning()))));
        }
    }
    page
}

fn row(metric: &Described) -> String {
    let Described { name, kind, unit, labels, meaning, good_for } = metric;
    let labels: Vec<String> =
        labels.iter().map(|(label, values)| format!("`{label}`: {}", said(name, label, values))).collect();
    format!("| `{name}` | {kind} | {unit} | {} | {meaning} | {good_for} |\n", labels.join("<br>"))
}

/// What takes a table of its own is not repeated.
fn said(name: &str, label: &str, values: &Values) -> String {
    match (values, label) {
        (Values::Like(like), _) => (*like).to_owned(),
        (_, "outcome") if name.contains("refreshes") => "see below".to_owned(),
        (_, "limit") => "see below".to_owned(),
        (_, "version") => "of the release".to_owned(),
        (Values::Words(_), "kind") if name.contains("events") => "see [audit.md](audit.md)".to_owned(),
        (Values::Words(words), _) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
    }
}

fn words(heading: &str, what: &str, words: impl Iterator<Item = (&'static str, &'static str)>) -> String {
    let mut table = format!("\n| `{heading}` | {what} |\n|---|---|\n");
    words.for_each(|(word, meaning)| table.push_str(&format!("| `{word}` | {meaning} |\n")));
    table
}

const HEAD: &str = "<!-- Made by the tests from src/telemetry; do not edit. -->

# Metrics

`/metrics` of the operations listener (`SEKISHO_OPS_LISTEN`), in the text format of OpenMetrics
1.0, which Prometheus reads as it is. Each server tells of itself alone, unless the table says
that a number is of the whole deployment: take the maximum of those, and the sum of others.

Labels have no other values than those below, whatever callers send: nothing of a person, a
client or a token is among them. What counts is there at 0 from the start for each value that is
named, so that the first of its kind is a rise; of calls only `Ok` is. Gauges by `store`,
`setting` or `listener`, and `sekisho_sessions`, come with the first look, and what is of Redis
with Redis alone. A histogram has the samples `…_bucket`, `…_sum` and `…_count`, and buckets from 100 µs to 6.5 s, each
twice the one before. The `process_…` metrics are those of Linux.
";
