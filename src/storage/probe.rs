//! Asking a store for a sign of life.

use async_trait::async_trait;

use super::Result;
use crate::domain::Timestamp;

/// A store that can be asked for a sign of life.
#[async_trait]
pub trait Probe: Send + Sync {
    /// What it is called in answers and metrics.
    fn name(&self) -> &'static str;

    /// Does what the service needs of it, which is to write. If it has a clock
    /// of its own: what time it is there.
    async fn check(&self, now: Timestamp) -> Result<Option<Timestamp>>;
}
