//! The settings of Redis.

use super::{
    reader::Reader,
    values::{milliseconds, one_line},
};
use crate::storage::redis::{RedisOptions, RedisUrl};

/// `Some(None)`: what is volatile stays in SQL.
pub(super) fn redis(reader: &mut Reader<'_>) -> Option<Option<RedisOptions>> {
    let url = reader.optional("SEKISHO_REDIS_URL", |text| {
        RedisUrl::parse(text).ok_or_else(|| {
            "must be redis://, redis-sentinel://…?sentinelServiceName=NAME or redis-cluster://, or with TLS rediss…"
                .to_owned()
        })
    });
    let prefix = reader.required("SEKISHO_REDIS_PREFIX", |text| one_line(text, 64));
    let deadline = reader.required("SEKISHO_REDIS_TIMEOUT", |text| milliseconds(text, 10..=10_000));
    let (url, prefix, deadline) = (url?, prefix?, deadline?);
    Some(url.map(|url| RedisOptions { url, prefix, deadline }))
}
