//! Finding events. The log has no index by time: events are written about when they
//! happen, so that a time is found by halving.

use std::time::Duration;

use uuid::Uuid;

use crate::{
    domain::{EventKind, Timestamp},
    storage::{Audit, Result, audit::AuditRow},
};

/// How far the times of events may be out of order: clocks differ, and a transaction
/// takes its time.
const DISORDER: Duration = Duration::from_secs(3_600);
/// Events that are read at a time.
const WINDOW: u32 = 200;
/// How often for one page: what it costs does not depend on how much there is.
const WINDOWS: usize = 25;
const EXPORT_WINDOW: u32 = 1_000;

/// Which events.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Of this person or service.
    pub user_id: Option<Uuid>,
    /// Or about this mailbox ([`crate::domain::Event::mailbox`]).
    pub mailbox: Option<[u8; 32]>,
    /// Of these kinds; all if none is named.
    pub kinds: Vec<EventKind>,
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub to: Option<Timestamp>,
}

impl Filter {
    fn takes(&self, row: &AuditRow) -> bool {
        let is_theirs = match (self.user_id, &self.mailbox) {
            (None, None) => true,
            (user_id, mailbox) => {
                user_id.is_some_and(|id| row.user_id == Some(id))
                    || mailbox.is_some_and(|mailbox| row.mailbox.as_deref() == Some(&mailbox[..]))
            }
        };
        is_theirs
            && (self.kinds.is_empty() || self.kinds.iter().any(|kind| kind.as_str() == row.kind))
            && self.from.is_none_or(|from| row.at >= from)
            && self.to.is_none_or(|to| row.at < to)
    }

    /// Whom the store may be asked for alone.
    fn alone(&self) -> Option<Uuid> {
        self.user_id.filter(|_| self.mailbox.is_none())
    }
}

/// Some events, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Perhaps fewer than were asked for, even none, although there are more.
    pub rows: Vec<AuditRow>,
    /// Where the next page begins; `None`: there is none.
    pub before: Option<i64>,
}

/// At most `size` events before `before`, or the newest.
pub async fn page(audit: &dyn Audit, filter: &Filter, before: Option<i64>, size: usize) -> Result<Page> {
    let mut before = match (before, filter.to) {
        (Some(before), _) => before,
        (None, Some(to)) => last_before(audit, to + DISORDER).await?.saturating_add(1),
        (None, None) => i64::MAX,
    };
    let mut rows = Vec::new();
    for _ in 0..WINDOWS {
        let window = audit.recent(before, filter.alone(), WINDOW).await?;
        let is_last = window.len() < WINDOW as usize;
        for row in window {
            if filter.from.is_some_and(|from| row.at + DISORDER < from) {
                return Ok(Page { rows, before: None });
            }
            before = row.seq;
            if filter.takes(&row) {
                rows.push(row);
            }
            if rows.len() >= size {
                return Ok(Page { rows, before: Some(before) });
            }
        }
        if is_last {
            return Ok(Page { rows, before: None });
        }
    }
    Ok(Page { rows, before: Some(before) })
}

/// Reads all events, oldest first.
pub struct Export<'a> {
    audit: &'a dyn Audit,
    filter: Filter,
    after: Option<i64>,
}

impl<'a> Export<'a> {
    /// Reads nothing yet.
    pub fn new(audit: &'a dyn Audit, filter: Filter) -> Self {
        Self { audit, filter, after: None }
    }

    /// The next of them, perhaps none although there are more; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<AuditRow>>> {
        let after = match (self.after, self.filter.from) {
            (Some(after), _) => after,
            (None, Some(from)) => last_before(self.audit, from - DISORDER).await?,
            (None, None) => i64::MIN,
        };
        let mut rows = self.audit.list(after, EXPORT_WINDOW).await?;
        let Some(last) = rows.last() else { return Ok(None) };
        if self.filter.to.is_some_and(|to| rows[0].at > to + DISORDER) {
            return Ok(None);
        }
        self.after = Some(last.seq);
        rows.retain(|row| self.filter.takes(row));
        Ok(Some(rows))
    }
}

/// The number of the last event before a time, if all were in order; 0 before the first.
async fn last_before(audit: &dyn Audit, time: Timestamp) -> Result<i64> {
    let newest = audit.recent(i64::MAX, None, 1).await?;
    let (mut low, mut high) = (0, newest.first().map_or(0, |row| row.seq));
    while low < high {
        let middle = low + (high - low) / 2;
        match audit.list(middle, 1).await?.first() {
            Some(row) if row.at < time => low = row.seq,
            _ => high = middle,
        }
    }
    Ok(low)
}
