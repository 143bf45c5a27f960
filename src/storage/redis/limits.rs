//! [`Limits`] on Redis.

use std::time::Duration;

use async_trait::async_trait;

use super::{
    RedisStore, Result,
    link::corrupt,
    micros,
    script::{GIVE_BACK, TAKE},
    span,
};
use crate::{
    domain::Timestamp,
    storage::limits::{Limits, Rate},
};

impl RedisStore {
    fn budget(&self, key: &str) -> Vec<u8> {
        self.link.key("l:", key.as_bytes())
    }
}

#[async_trait]
impl Limits for RedisStore {
    async fn take(&self, key: &str, rate: Rate, now: Timestamp) -> Result<Option<Duration>> {
        let args = vec![span(rate.interval()), span(rate.per), micros(now)];
        let wait = self.run(&TAKE, &self.budget(key), args).await?;
        let wait = wait.as_u64().ok_or_else(|| corrupt("no number"))?;
        Ok((wait > 0).then(|| Duration::from_micros(wait)))
    }

    async fn give_back(&self, key: &str, rate: Rate, now: Timestamp) -> Result<()> {
        self.run(&GIVE_BACK, &self.budget(key), vec![span(rate.interval()), micros(now)]).await.map(drop)
    }
}
