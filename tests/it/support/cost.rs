//! What the stores are asked to do.

use std::collections::BTreeMap;

use super::TestApp;

/// What the jobs do meanwhile, as often as the clock says.
const JOBS: [&str; 8] =
    ["audit_chain.", "fence.", "journal.", "outbox.", "probe", "sessions.count", "signing_keys.", "tallies."];

/// How often, by operation.
pub type Counts = BTreeMap<String, u64>;

/// How often each operation of a store was done so far.
pub async fn operations(app: &TestApp) -> Counts {
    let metrics = app.ops_text("/metrics").await;
    let count = |line: &str| {
        let labels = line.strip_prefix("sekisho_store_duration_seconds_count{operation=\"")?;
        let (operation, rest) = labels.split_once('"')?;
        let count = rest.rsplit_once(' ')?.1.parse().ok()?;
        let is_of_job = operation.ends_with(".sweep") || JOBS.iter().any(|job| operation.starts_with(job));
        (!is_of_job).then(|| (operation.to_owned(), count))
    };
    metrics.lines().filter_map(count).collect()
}

/// Those that were done after the ones before.
pub fn since(before: &Counts, mut now: Counts) -> Counts {
    now.retain(|operation, count| {
        *count -= before.get(operation).copied().unwrap_or_default();
        *count > 0
    });
    now
}
