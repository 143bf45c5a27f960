//! Work that nobody asks for. Each job may run on every server at once.

mod outbox;
mod redis;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    audit::{Sealer, retention},
    ctx::Ctx,
    domain::Timestamp,
    error::Error,
    flows::revoke,
    storage::{redis::RedisStore, sessions::EXPIRED_KEPT},
    stores::OpenStores,
    tls::Tls,
};

const KEYS_EVERY: Duration = Duration::from_secs(60);
const CERTIFICATE_EVERY: Duration = Duration::from_secs(5);
const FOLLOW_EVERY: Duration = Duration::from_secs(1);
const SEAL_EVERY: Duration = Duration::from_secs(1);
const SURVEY_EVERY: Duration = Duration::from_secs(60);
const SWEEP_EVERY: Duration = Duration::from_secs(60);
const SWEEP_BATCH: u32 = 500;
const JOURNAL_BATCH: u32 = 500;

/// Applies what the journal says to the sessions, as after a crash between the
/// two. Done before the first refresh is served.
pub async fn reapply_revocations(ctx: &Ctx) -> Result<u64, Error> {
    let now = ctx.now();
    let (mut after, mut applied) = (0, 0);
    loop {
        let batch = ctx.stores.journal.live(after, now, JOURNAL_BATCH).await?;
        let Some((last, _)) = batch.last() else { return Ok(applied) };
        after = *last;
        for (_, revocation) in &batch {
            applied += revoke::apply(ctx, revocation).await?;
        }
    }
}

/// Removes what is past its time, in small batches; how many rows.
pub async fn sweep(ctx: &Ctx) -> Result<u64, Error> {
    let now = ctx.now();
    let kept = i64::try_from(EXPIRED_KEPT.as_micros()).unwrap_or(i64::MAX);
    let long_expired = Timestamp::from_micros(now.micros().saturating_sub(kept));
    let mut removed = 0;
    loop {
        let batch = ctx.stores.sessions.sweep(long_expired, SWEEP_BATCH).await?
            + ctx.stores.codes.sweep(now, SWEEP_BATCH).await?
            + ctx.stores.limits.sweep(now, SWEEP_BATCH).await?
            + ctx.stores.journal.sweep(now, SWEEP_BATCH).await?;
        removed += batch;
        if batch == 0 {
            return Ok(removed + retention::sweep(ctx).await?);
        }
    }
}

/// New keys come in, retired ones go.
async fn refresh_keys(ctx: &Ctx) -> Result<(), Error> {
    ctx.keyring.reload().await?;
    ctx.keyring.prune().await
}

/// Starts what runs by the clock, until `stop`.
pub fn start(ctx: &Arc<Ctx>, stores: &OpenStores, tasks: &TaskTracker, stop: &CancellationToken) {
    if let Some(redis) = &stores.redis {
        start_for_redis(ctx, redis, tasks, stop);
    }
    let keys = ctx.clone();
    tasks.spawn(every(KEYS_EVERY, "keys", stop.clone(), move || {
        let ctx = keys.clone();
        async move { refresh_keys(&ctx).await }
    }));
    let swept = ctx.clone();
    tasks.spawn(every(SWEEP_EVERY, "sweep", stop.clone(), move || {
        let ctx = swept.clone();
        async move { sweep(&ctx).await.map(drop) }
    }));
    let sealer = Arc::new(Sealer::of(ctx));
    tasks.spawn(every(SEAL_EVERY, "seal", stop.clone(), move || {
        let sealer = sealer.clone();
        async move { Ok(sealer.round().await.map(drop)?) }
    }));
    tasks.spawn(outbox::run(ctx.clone(), stop.clone()));
    tasks.spawn(ctx.follower.clone().run(stop.clone()));
    if let Some(listener) = stores.sql.listener() {
        tasks.spawn(ctx.follower.clone().listen(listener, stop.clone()));
    }
}

/// Takes new certificates, until `stop`.
pub fn follow_certificate(tls: Arc<Tls>, tasks: &TaskTracker, stop: &CancellationToken) {
    tasks.spawn(every(CERTIFICATE_EVERY, "certificate", stop.clone(), move || {
        let tls = tls.clone();
        async move { tokio::task::spawn_blocking(move || tls.reload()).await.map(drop).map_err(Error::internal) }
    }));
}

fn start_for_redis(ctx: &Arc<Ctx>, redis: &Arc<RedisStore>, tasks: &TaskTracker, stop: &CancellationToken) {
    let followed = redis.clone();
    tasks.spawn(every(FOLLOW_EVERY, "journal", stop.clone(), move || {
        let redis = followed.clone();
        async move { Ok(redis.follow_journal().await.map(drop)?) }
    }));
    let (redis, metrics, known) =
        (redis.clone(), ctx.metrics.clone(), Arc::new(tokio::sync::Mutex::new(BTreeSet::new())));
    tasks.spawn(every(SURVEY_EVERY, "survey", stop.clone(), move || {
        let (redis, metrics, known) = (redis.clone(), metrics.clone(), known.clone());
        async move { redis::survey(&redis, &metrics, &known).await }
    }));
}

async fn every<F>(period: Duration, name: &'static str, stop: CancellationToken, job: impl Fn() -> F)
where
    F: Future<Output = Result<(), Error>>,
{
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => if let Err(error) = job().await {
                tracing::warn!(job = name, %error, "a job failed; it is tried again");
            },
        }
    }
}
