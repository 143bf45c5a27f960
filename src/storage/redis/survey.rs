//! What the server says of itself: its version, and the settings that our
//! promises rest on.

use async_trait::async_trait;
use fred::{
    prelude::{ClientLike, ClusterInterface},
    types::{InfoKind, config::Server},
};

use super::{
    RedisStore, Result,
    answer::Answer,
    link::{Link, unavailable},
    script::PROBE,
};
use crate::{domain::Timestamp, storage::Probe};

/// A setting of the server that breaks a promise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Finding {
    /// Older than 7.0: scripts are replicated, and a server that has lost writes
    /// is not told from one that has not.
    Version,
    /// Full, it throws sessions and codes away instead of refusing writes.
    Eviction,
    /// Started again, it knows of nobody.
    Persistence,
}

impl Finding {
    /// Every one.
    pub const ALL: [Self; 3] = [Self::Version, Self::Eviction, Self::Persistence];

    /// The word for the metric.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Eviction => "eviction",
            Self::Persistence => "persistence",
        }
    }

    /// For whoever has to mend it.
    pub const fn advice(self) -> &'static str {
        match self {
            Self::Version => "Redis must be 7.0 or newer",
            Self::Eviction => "maxmemory-policy must be noeviction: an evicted session is a person signed out",
            Self::Persistence => "appendonly must be yes: without it a restart signs everybody out",
        }
    }
}

/// Asks every primary.
pub(super) async fn survey(link: &Link) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for info in infos(link).await? {
        findings.extend(judge(&info));
    }
    findings.sort_unstable();
    findings.dedup();
    Ok(findings)
}

async fn infos(link: &Link) -> Result<Vec<String>> {
    let client = link.client();
    let Some(routing) = client.cached_cluster_state() else { return Ok(vec![info(link, None).await?]) };
    let mut infos = Vec::new();
    for node in routing.unique_primary_nodes() {
        infos.push(info(link, Some(node)).await?);
    }
    Ok(infos)
}

async fn info(link: &Link, node: Option<Server>) -> Result<String> {
    let client = link.client();
    let ask = async {
        match node {
            Some(node) => client.with_cluster_node(node).info(Some(InfoKind::Default)).await,
            None => client.info(Some(InfoKind::Default)).await,
        }
    };
    link.about(b"", ask).await.map_err(unavailable)
}

fn judge(info: &str) -> Vec<Finding> {
    let field = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let major = field("redis_version").and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    let mut findings = Vec::new();
    if major.is_none_or(|major| major < 7) {
        findings.push(Finding::Version);
    }
    if field("maxmemory_policy") != Some("noeviction") {
        findings.push(Finding::Eviction);
    }
    if field("aof_enabled") != Some("1") {
        findings.push(Finding::Persistence);
    }
    findings
}

#[async_trait]
impl Probe for RedisStore {
    fn name(&self) -> &'static str {
        "redis"
    }

    async fn check(&self, _now: Timestamp) -> Result<Option<Timestamp>> {
        let mut time = Answer::read(self.run(&PROBE, &self.link.key("probe", b""), Vec::new()).await?)?;
        let (seconds, micros): (i64, i64) = (time.number()?, time.number()?);
        Ok(Some(Timestamp::from_micros(seconds.saturating_mul(1_000_000).saturating_add(micros))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_keeps_our_promises_has_no_findings() {
        let good = "# Server\r\nredis_version:7.0.15\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n";
        assert_eq!(judge(good), []);
    }

    #[test]
    fn each_broken_promise_is_found() {
        let bad = "redis_version:6.2.14\r\nmaxmemory_policy:allkeys-lru\r\naof_enabled:0\r\n";
        assert_eq!(judge(bad), Finding::ALL);
        assert_eq!(judge(""), Finding::ALL);
    }
}
