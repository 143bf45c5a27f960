//! Budgets of this process alone, for as long as the store of the shared ones
//! does not answer: an outage must not give anybody more guesses than a budget
//! for each server.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;

use super::{Limits, Result, StoreError, limits::Rate};
use crate::domain::Timestamp;

/// Of a few dozen bytes each; beyond that everybody waits.
const MAX_BUDGETS: usize = 100_000;

/// A store of budgets, and what stands in for it.
pub struct WithLocalLimits {
    shared: Arc<dyn Limits>,
    local: Mutex<HashMap<String, Timestamp>>,
}

impl WithLocalLimits {
    /// Stands in for a store.
    pub fn over(shared: Arc<dyn Limits>) -> Self {
        Self { shared, local: Mutex::default() }
    }

    fn take_here(&self, key: &str, rate: Rate, now: Timestamp) -> Option<Duration> {
        let mut local = self.local.lock().unwrap_or_else(PoisonError::into_inner);
        if local.len() >= MAX_BUDGETS {
            local.retain(|_, full_at| *full_at > now);
        }
        let mark = local.get(key).copied();
        if mark.is_none() && local.len() >= MAX_BUDGETS {
            return Some(rate.interval());
        }
        match rate.take(mark, now) {
            Err(wait) => Some(wait),
            Ok(full_at) => {
                local.insert(key.to_owned(), full_at);
                None
            }
        }
    }

    /// Whether it was taken here.
    fn give_back_here(&self, key: &str, rate: Rate, now: Timestamp) -> bool {
        let mut local = self.local.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mark) = local.get(key).copied() else { return false };
        match rate.give_back(mark, now) {
            Some(mark) => local.insert(key.to_owned(), mark),
            None => local.remove(key),
        };
        true
    }

    fn forget_here(&self, key: &str) {
        self.local.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[async_trait]
impl Limits for WithLocalLimits {
    async fn take(&self, key: &str, rate: Rate, now: Timestamp) -> Result<Option<Duration>> {
        match self.shared.take(key, rate, now).await {
            Err(StoreError::Unavailable(_)) => Ok(self.take_here(key, rate, now)),
            answer => {
                self.forget_here(key);
                answer
            }
        }
    }

    async fn give_back(&self, key: &str, rate: Rate, now: Timestamp) -> Result<()> {
        if self.give_back_here(key, rate, now) { Ok(()) } else { self.shared.give_back(key, rate, now).await }
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> Result<u64> {
        self.shared.sweep(now, limit).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { count: 2, per: Duration::from_secs(60) };

    /// A store that is away.
    struct Away;

    #[async_trait]
    impl Limits for Away {
        async fn take(&self, _key: &str, _rate: Rate, _now: Timestamp) -> Result<Option<Duration>> {
            Err(StoreError::Unavailable("away".into()))
        }

        async fn give_back(&self, _key: &str, _rate: Rate, _now: Timestamp) -> Result<()> {
            Err(StoreError::Unavailable("away".into()))
        }
    }

    #[tokio::test]
    async fn a_store_that_is_away_opens_no_budget() {
        let limits = WithLocalLimits::over(Arc::new(Away));
        let now = Timestamp::from_seconds(1_000);
        assert_eq!(limits.take("ada", RATE, now).await.unwrap(), None);
        assert_eq!(limits.take("ada", RATE, now).await.unwrap(), None);
        assert_eq!(limits.take("ada", RATE, now).await.unwrap(), Some(Duration::from_secs(30)));
        assert_eq!(limits.take("grace", RATE, now).await.unwrap(), None);
        limits.give_back("ada", RATE, now).await.unwrap();
        assert_eq!(limits.take("ada", RATE, now).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_flood_of_keys_is_bounded_and_refused() {
        let limits = WithLocalLimits::over(Arc::new(Away));
        let now = Timestamp::from_seconds(1_000);
        for number in 0..MAX_BUDGETS {
            assert_eq!(limits.take_here(&number.to_string(), RATE, now), None);
        }
        assert!(limits.take_here("one more", RATE, now).is_some());
        assert_eq!(limits.take_here("0", RATE, now), None);
        let later = now + RATE.per;
        assert_eq!(limits.take_here("one more", RATE, later), None);
        assert_eq!(limits.local.lock().unwrap().len(), 1);
    }
}
