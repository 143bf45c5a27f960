//! [`Revocations`] on SQL: the journal is its own stream.

use async_trait::async_trait;

use super::{Result, SqlStore, row::corrupt};
use crate::{
    domain::Timestamp,
    storage::{
        Journal,
        revocations::{Cursor, Numbered, Revocations},
    },
};

#[async_trait]
impl Revocations for SqlStore {
    async fn publish(&self, _lines: &[Numbered]) -> Result<()> {
        Ok(())
    }

    async fn after(&self, cursor: Option<&Cursor>, now: Timestamp, limit: u32) -> Result<Vec<(Cursor, Numbered)>> {
        let after = cursor.map_or(Ok(0), |cursor| cursor.0.parse()).map_err(|_| corrupt("a cursor"))?;
        let lines = self.live(after, now, limit).await?;
        Ok(lines.into_iter().map(|line| (Cursor(line.0.to_string()), line)).collect())
    }
}
