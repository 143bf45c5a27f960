//! Where Redis is.

use std::fmt;

use fred::types::config::Config;
use zeroize::Zeroizing;

/// The URL of a server, of Sentinels or of a Cluster; may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisUrl(Zeroizing<String>);

const SCHEMES: [&str; 6] =
    ["redis://", "rediss://", "redis-sentinel://", "rediss-sentinel://", "redis-cluster://", "rediss-cluster://"];

impl RedisUrl {
    /// Reads `redis://`, `redis-sentinel://` or `redis-cluster://`; with TLS
    /// `rediss…`.
    pub fn parse(url: &str) -> Option<Self> {
        let parsed = Self(Zeroizing::new(url.to_owned()));
        SCHEMES.iter().any(|scheme| url.starts_with(scheme)).then_some(())?;
        parsed.config().is_some().then_some(parsed)
    }

    pub(super) fn config(&self) -> Option<Config> {
        Config::from_url(&self.0).ok()
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisUrl(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_deployment_has_a_scheme() {
        for url in [
            "redis://127.0.0.1:6379",
            "redis://user:password@127.0.0.1:6379/3",
            "redis-cluster://127.0.0.1:7000?node=127.0.0.1:7001",
            "redis-sentinel://127.0.0.1:26379?sentinelServiceName=sekisho",
            "rediss://localhost:6380",
        ] {
            assert!(RedisUrl::parse(url).is_some(), "{url}");
        }
        for url in ["", "redis", "http://127.0.0.1", "redis://", "redis-sentinel://127.0.0.1:26379"] {
            assert!(RedisUrl::parse(url).is_none(), "{url}");
        }
    }

    #[test]
    fn debug_shows_no_password() {
        let url = RedisUrl::parse("redis://user:s3cret@127.0.0.1:6379").unwrap();
        assert!(!format!("{url:?}").contains("s3cret"));
    }
}
