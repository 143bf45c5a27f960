//! How many sessions are live: asked seldom, of everybody, and without haste.
//!
//! The names of keys are read a few at a time, and then of each person the sessions, one
//! person after the other. So no command is long, and none of ours waits behind more than
//! one of them.

use fred::{
    bytes_utils::Str,
    interfaces::{ClusterInterface, KeysInterface},
    types::{Key, config::Server, scan::ScanType},
};

use super::{
    RedisStore, Result,
    link::{corrupt, unavailable},
    micros,
    script::COUNT,
};
use crate::domain::Timestamp;

/// Names that the server looks at for each answer.
const PAGE: u32 = 100;
/// Of the id of a person.
const ID: usize = 16;
/// Where a scan begins, and what says that it has ended.
const START: &str = "0";

impl RedisStore {
    /// See [`Sessions::count`](crate::storage::Sessions::count).
    pub(super) async fn count_live_sessions(&self, now: Timestamp) -> Result<u64> {
        let Some(routing) = self.link.client().cached_cluster_state() else { return self.count_on(None, now).await };
        let mut live = 0;
        for node in routing.unique_primary_nodes() {
            live += self.count_on(Some(node), now).await?;
        }
        Ok(live)
    }

    async fn count_on(&self, node: Option<Server>, now: Timestamp) -> Result<u64> {
        let name = self.link.key("s:", b"");
        let pattern = [escaped(&name).as_str(), "*"].concat();
        let (mut cursor, mut live) = (Str::from_static(START), 0);
        loop {
            let (next, keys) = self.page(node.as_ref(), cursor, &pattern).await?;
            // Another deployment's name may begin like ours.
            for key in keys.iter().filter(|key| key.as_bytes().len() == name.len() + ID) {
                let number = self.link.run(&COUNT, key.as_bytes(), vec![micros(now)]).await?;
                live += number.as_u64().ok_or_else(|| corrupt("no number"))?;
            }
            if next == START {
                return Ok(live);
            }
            cursor = next;
        }
    }

    async fn page(&self, node: Option<&Server>, cursor: Str, pattern: &str) -> Result<(Str, Vec<Key>)> {
        let (client, kind) = (self.link.client(), Some(ScanType::Hash));
        let scan = async {
            match node {
                Some(node) => client.with_cluster_node(node).scan_page(cursor, pattern, Some(PAGE), kind).await,
                None => client.scan_page(cursor, pattern, Some(PAGE), kind).await,
            }
        };
        self.link.about(b"", scan).await.map_err(unavailable)
    }
}

/// A name as a pattern that only it fits.
fn escaped(name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    name.chars()
        .flat_map(|letter| ['\\'].into_iter().filter(move |_| "*?[]\\^-".contains(letter)).chain([letter]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_pattern() {
        assert_eq!(escaped(b"sekisho:s:"), "sekisho:s:");
        assert_eq!(escaped(br"a*b?[c]\d:"), r"a\*b\?\[c\]\\d:");
    }
}
