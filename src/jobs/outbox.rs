//! Mails the notices that wait in the outbox.

mod back_off;

use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use crate::{
    ctx::Ctx,
    domain::Timestamp,
    mail::{self, MailError, templates},
    storage::{
        self,
        outbox::{Batch, Leased},
    },
    telemetry::traces,
};

/// For notices that other servers wrote, and those that are to be tried again.
const POLL_EVERY: Duration = Duration::from_secs(5);
/// At a time.
const BATCH: u32 = 8;
/// Far more than a delivery takes: what is delivered after it is delivered twice.
const LEASE: Duration = Duration::from_secs(120);
/// What was not delivered by then is given up.
const MAX_AGE: Duration = Duration::from_secs(3 * 86_400);
/// For deliveries in flight when the service stops.
const DRAIN: Duration = Duration::from_secs(5);

/// Works until `stop`. What is in flight then is finished, or left to the next
/// start by its lease.
pub(super) async fn run(ctx: Arc<Ctx>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let drained = async {
            stop.cancelled().await;
            tokio::time::sleep(DRAIN).await;
        };
        tokio::select! {
            done = pass(&ctx, &stop) => if let Err(error) = done {
                tracing::warn!(%error, "notices could not be looked for; it is tried again");
            },
            () = drained => tracing::warn!("notices in flight were left to the next start"),
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = ctx.notices.notified() => {}
            () = tokio::time::sleep(POLL_EVERY) => {}
        }
    }
}

/// Delivers what is due.
async fn pass(ctx: &Arc<Ctx>, stop: &CancellationToken) -> storage::Result<()> {
    while !stop.is_cancelled() {
        let now = ctx.now();
        // To know how many wait is worth less than that they go.
        if let Ok(backlog) = ctx.stores.outbox.backlog(now).await {
            let oldest = backlog.oldest.map_or(Duration::ZERO, |written| now.since(written));
            ctx.metrics.notices_waiting(backlog.all, oldest);
        }
        let batch = ctx.stores.outbox.lease(now, now + LEASE, BATCH).await?;
        if batch == Batch::default() {
            break;
        }
        deliver_all(ctx, batch.notices).await;
    }
    Ok(())
}

async fn deliver_all(ctx: &Arc<Ctx>, batch: Vec<Leased>) {
    let mut deliveries = JoinSet::new();
    for leased in batch {
        let ctx = ctx.clone();
        let delivery = async move {
            if let Err(error) = deliver(&ctx, &leased).await {
                tracing::warn!(%error, id = leased.id, "a notice is tried again when its lease runs out");
            }
        };
        deliveries.spawn(delivery.instrument(traces::notice()));
    }
    while deliveries.join_next().await.is_some() {}
}

async fn deliver(ctx: &Ctx, leased: &Leased) -> storage::Result<()> {
    let notice = &leased.notice;
    let mail = templates::compose(notice.to.as_str(), &notice.into(), notice.locale);
    let delivered = mail::hand_over(&*ctx.mailer, &mail).await;
    match (delivered, next_attempt(ctx, leased)) {
        (Ok(()), _) => {
            ctx.metrics.notice("sent");
            if !ctx.stores.outbox.remove(leased).await? {
                tracing::warn!(id = leased.id, "a notice was delivered after its lease: it may come twice");
            }
        }
        (Err(MailError::Transient(_)), Some(at)) => {
            ctx.stores.outbox.retry(leased, at).await?;
            ctx.metrics.notice("retried");
        }
        (Err(error), _) => {
            ctx.stores.outbox.remove(leased).await?;
            ctx.metrics.notice("given_up");
            tracing::error!(%error, id = leased.id, attempts = leased.attempts, "a notice was given up");
        }
    }
    Ok(())
}

/// `None` if the notice would be too old by then.
fn next_attempt(ctx: &Ctx, leased: &Leased) -> Option<Timestamp> {
    let at = ctx.now() + back_off::pause(leased.attempts, &*ctx.entropy);
    (at.since(leased.notice.at) <= MAX_AGE).then_some(at)
}
