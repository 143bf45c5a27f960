//! How many sessions are live.

use std::time::Duration;

use super::{
    Result, SqlStore,
    engine::sql,
    row::{Row, corrupt},
};
use crate::domain::Timestamp;

/// Read at a time, out of the index by expiry alone: a few milliseconds, so that however
/// many there are, none of it takes longer than an operation may.
const PAGE: u32 = 1_000;
/// From a time on, without the first few of that time. A session that is condemned has
/// expired with it.
const COUNT: &str = "WITH page AS \
     (SELECT expires_at FROM sessions WHERE expires_at >= $1 ORDER BY expires_at LIMIT $2 OFFSET $3) \
     SELECT COUNT(*) AS total, MAX(expires_at) AS last, \
     (SELECT COUNT(*) FROM page WHERE expires_at = (SELECT MAX(expires_at) FROM page)) AS at_last FROM page";
/// Times are kept to the microsecond.
const NEXT: Duration = Duration::from_micros(1);

/// Where a page begins.
struct Place {
    from: Timestamp,
    /// Of those that expire then, how many were counted.
    counted: u32,
}

impl SqlStore {
    /// See [`Sessions::count`](crate::storage::Sessions::count).
    pub(super) async fn count_live_sessions(&self, now: Timestamp) -> Result<u64> {
        self.count_in_pages(now, PAGE).await
    }

    async fn count_in_pages(&self, now: Timestamp, size: u32) -> Result<u64> {
        let (mut live, mut place) = (0, Place { from: now + NEXT, counted: 0 });
        loop {
            let (number, next) = self.timed("sessions.count", self.count_page(&place, size)).await?;
            live += u64::from(number);
            match next {
                Some(next) if number == size => place = next,
                _ => return Ok(live),
            }
        }
    }

    async fn count_page(&self, place: &Place, size: u32) -> Result<(u32, Option<Place>)> {
        let query = sql(COUNT).bind(place.from).bind(size).bind(place.counted);
        let row: Row = query.read_one(&self.pools).await?.ok_or_else(|| corrupt("total"))?;
        let (number, at_last): (u32, u32) = (row.number("total")?, row.number("at_last")?);
        let last: Option<Timestamp> = row.get("last")?;
        let next = last.map(|from| {
            let before = if from == place.from { place.counted } else { 0 };
            Place { from, counted: before.saturating_add(at_last) }
        });
        Ok((number, next))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{Session, SessionId, session::sample},
        storage::{
            Sessions,
            sessions::SessionLimit,
            sql::{Location, SqlStore},
        },
    };

    #[tokio::test]
    async fn each_is_in_one_page_also_where_many_expire_at_once() {
        let data = tempfile::tempdir().unwrap();
        let store = SqlStore::open(&Location::Sqlite(data.path().join("sekisho.db")), Arc::default()).await.unwrap();
        store.migrate().await.unwrap();
        let first = sample();
        // Five expire at each of seven times.
        for number in 0..35 {
            let id = SessionId(Uuid::from_u128(number));
            let expires_at = first.expires_at + Duration::from_micros((number / 5) as u64);
            let session = Session { id, expires_at, ..first.clone() };
            store.open(&session, SessionLimit::Unlimited, first.created_at).await.unwrap();
        }
        for size in [1, 2, 4, 5, 6, 34, 35, 36, 100] {
            assert_eq!(store.count_in_pages(first.created_at, size).await.unwrap(), 35, "{size} at a time");
        }
        assert_eq!(store.count_in_pages(first.expires_at, 3).await.unwrap(), 30);
    }
}
