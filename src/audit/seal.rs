//! Sealing what was written since.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use super::{Broken, Fault, chain};
use crate::{
    clock::Clock,
    crypto::Secrets,
    ctx::Ctx,
    domain::Timestamp,
    storage::{
        AuditChain,
        audit_chain::{Chain, Link, Unsealed},
    },
    telemetry::Metrics,
};

/// At a time.
const BATCH: u32 = 256;

/// Gives events their links. One in each process; of several that seal at once one
/// does, and the others look for what is left.
pub struct Sealer {
    store: Arc<dyn AuditChain>,
    secrets: Arc<Secrets>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    /// The highest link that this process has seen: no chain of ours ends before it.
    known: AtomicI64,
    /// When there was nothing left to seal, in microseconds; 0: never.
    whole_at: AtomicI64,
}

enum Step {
    /// So many events, or none, since another process did it; there may be more.
    Sealed(u64),
    /// There was nothing to do.
    Done,
}

impl Sealer {
    /// Seals nothing yet.
    pub fn new(
        store: Arc<dyn AuditChain>,
        secrets: Arc<Secrets>,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self { store, secrets, clock, metrics, known: AtomicI64::new(0), whole_at: AtomicI64::new(0) }
    }

    /// That of a service.
    pub fn of(ctx: &Ctx) -> Self {
        let store = ctx.stores.audit_chain.clone();
        Self::new(store, ctx.secrets.clone(), ctx.clock.clone(), ctx.metrics.clone())
    }

    /// Seals everything that is there; how many events. Nothing is sealed on top of a
    /// chain that somebody else has changed.
    pub async fn round(&self) -> Result<u64, Fault> {
        let mut sealed = 0;
        let outcome = loop {
            match self.step().await {
                Ok(Step::Sealed(number)) => sealed += number,
                Ok(Step::Done) => break Ok(sealed),
                Err(fault) => break Err(fault),
            }
        };
        let now = self.clock.now();
        match &outcome {
            Ok(_) => self.whole_at.store(now.micros(), Ordering::Relaxed),
            // Nobody knows what came since.
            Err(_) => self.metrics.audit_unsealed(self.since_whole(now)),
        }
        if !matches!(outcome, Err(Fault::Store(_))) {
            self.metrics.audit_chain_broken(outcome.is_err());
        }
        outcome
    }

    fn since_whole(&self, now: Timestamp) -> Duration {
        let first = now.micros();
        let whole_at = self.whole_at.compare_exchange(0, first, Ordering::Relaxed, Ordering::Relaxed);
        now.since(Timestamp::from_micros(whole_at.err().unwrap_or(first)))
    }

    async fn step(&self) -> Result<Step, Fault> {
        let now = self.clock.now();
        let Some((old, mac)) = self.store.chain().await? else { return self.begin(now).await };
        chain::check(&self.secrets, &old, &mac)?;
        self.has_not_gone_back(old.last.number)?;
        let unsealed = self.store.unsealed(old.settled, BATCH).await?;
        let waiting = unsealed.rows.first().map_or(Duration::ZERO, |row| now.since(row.at));
        self.metrics.audit_sealed(old.last.number, waiting);
        if unsealed.rows.is_empty() && mac.key_id == self.secrets.current_id() {
            return Ok(Step::Done);
        }
        let (new, links) = extended(&old, &unsealed);
        let signed = chain::sign(&self.secrets, &new);
        let seal = (!links.is_empty()).then(|| chain::seal(&self.secrets, &new.last, now));
        if !self.store.extend(&mac, (&new, &signed), &links, seal.as_ref()).await? {
            return Ok(Step::Sealed(0));
        }
        self.known.fetch_max(new.last.number, Ordering::Relaxed);
        Ok(Step::Sealed(links.len() as u64))
    }

    async fn begin(&self, now: Timestamp) -> Result<Step, Fault> {
        self.has_not_gone_back(0)?;
        if !self.store.links(i64::MIN, 1).await?.is_empty() {
            return Err(Broken::EndsChanged.into());
        }
        let (removed, last) = (chain::START, chain::START);
        let new = Chain { begun_at: now, removed, last, settled: 0, seen: 0, horizon: 0 };
        if self.store.begin(&new, &chain::sign(&self.secrets, &new)).await? {
            tracing::info!("the chain over the audit log begins here");
        }
        Ok(Step::Sealed(0))
    }

    fn has_not_gone_back(&self, last: i64) -> Result<(), Broken> {
        let known = self.known.fetch_max(last, Ordering::Relaxed);
        if last < known { Err(Broken::WentBack { last, known }) } else { Ok(()) }
    }
}

/// The chain with a link for each of the events.
fn extended(old: &Chain, unsealed: &Unsealed) -> (Chain, Vec<Link>) {
    let mut last = old.last;
    let links: Vec<Link> = unsealed
        .rows
        .iter()
        .map(|row| {
            let link = chain::link(&last, row);
            last = link.point;
            link
        })
        .collect();
    (settled(&Chain { last, ..*old }, unsealed), links)
}

/// How far the log need not be looked through any more: once every transaction has
/// ended that was there when an event was seen, no lower number comes to be seen.
fn settled(chain: &Chain, unsealed: &Unsealed) -> Chain {
    // Numbers of transactions begin anew where a database was restored elsewhere.
    let all_have_ended = unsealed.oldest_open >= chain.horizon || unsealed.next_transaction < chain.horizon;
    let Some(highest) = unsealed.rows.last().map(|row| row.seq).filter(|_| all_have_ended) else { return *chain };
    // Of a full batch nobody knows what comes after it.
    let is_full = unsealed.rows.len() as u64 >= BATCH.into();
    let seen = if is_full { chain.seen.min(highest) } else { chain.seen };
    Chain {
        settled: chain.settled.max(seen),
        seen: chain.seen.max(highest),
        horizon: unsealed.next_transaction,
        ..*chain
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::audit::AuditRow;

    fn unsealed(numbers: &[i64], oldest_open: i64, next_transaction: i64) -> Unsealed {
        let row = |seq: &i64| AuditRow {
            seq: *seq,
            at: Timestamp::default(),
            kind: "logged_out".into(),
            user_id: None,
            session_id: None,
            client_id: None,
            mailbox: None,
            address: None,
            request_id: String::new(),
        };
        Unsealed { rows: numbers.iter().map(row).collect(), oldest_open, next_transaction }
    }

    fn after(steps: &[Unsealed]) -> (i64, i64, i64) {
        let (removed, last) = (chain::START, chain::START);
        let start = Chain { begun_at: Timestamp::default(), removed, last, settled: 0, seen: 0, horizon: 0 };
        let end = steps.iter().fold(start, |chain, step| settled(&chain, step));
        (end.settled, end.seen, end.horizon)
    }

    #[test]
    fn what_was_seen_is_settled_when_all_transactions_of_that_time_have_ended() {
        let first = unsealed(&[2], 10, 12);
        assert_eq!(after(std::slice::from_ref(&first)), (0, 2, 12), "1 may still come, by 10 or 11");
        assert_eq!(after(&[first.clone(), unsealed(&[5], 11, 20)]), (0, 2, 12), "by 11");
        assert_eq!(after(&[first.clone(), unsealed(&[5], 12, 20)]), (2, 5, 20));
        assert_eq!(after(&[first, unsealed(&[5], 3, 4)]), (2, 5, 4), "another server counts anew");
    }

    #[test]
    fn a_writer_that_is_alone_settles_by_the_next_round() {
        assert_eq!(after(&[unsealed(&[1, 2], 0, 0), unsealed(&[3], 0, 0)]), (2, 3, 0));
    }

    #[test]
    fn a_full_batch_settles_no_further_than_it_goes() {
        let full: Vec<i64> = (3..3 + i64::from(BATCH)).collect();
        let highest = full[full.len() - 1];
        assert_eq!(after(&[unsealed(&[1_000], 0, 0), unsealed(&full, 0, 0)]), (highest, 1_000, 0));
    }
}
