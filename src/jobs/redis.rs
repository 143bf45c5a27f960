//! What keeps Redis honest: the journal is followed, and the server's settings
//! are looked at.

use std::collections::BTreeSet;

use tokio::sync::Mutex;

use crate::{
    error::Error,
    storage::redis::{Finding, RedisStore},
    telemetry::Metrics,
};

/// Looks at the settings; says what is wrong when it changes.
pub(super) async fn survey(
    store: &RedisStore,
    metrics: &Metrics,
    known: &Mutex<BTreeSet<Finding>>,
) -> Result<(), Error> {
    let found = BTreeSet::from_iter(store.survey().await?);
    let mut known = known.lock().await;
    for finding in Finding::ALL {
        metrics.redis_setting(finding.as_str(), found.contains(&finding));
    }
    for finding in found.difference(&known) {
        tracing::error!(setting = finding.as_str(), advice = finding.advice(), "a setting of Redis breaks a promise");
    }
    *known = found;
    Ok(())
}
