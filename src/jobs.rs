//! Work that nobody asks for. Each job may run on every server at once.

mod outbox;
mod redis;

use std::{collections::BTreeSet, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    audit::{Sealer, retention},
    ctx::Ctx,
    domain::Timestamp,
    error::Error,
    ext_authz::ExtAuthz,
    ops::Readiness,
    storage::{redis::RedisStore, sessions::EXPIRED_KEPT, tallies::Tally},
    stores::OpenStores,
    tls::Tls,
};

const KEYS_EVERY: Duration = Duration::from_secs(60);
const CERTIFICATE_EVERY: Duration = Duration::from_secs(5);
const POLICY_EVERY: Duration = Duration::from_secs(5);
const FOLLOW_EVERY: Duration = Duration::from_secs(1);
const SEAL_EVERY: Duration = Duration::from_secs(1);
const SURVEY_EVERY: Duration = Duration::from_secs(60);
const PROBE_EVERY: Duration = Duration::from_secs(5);
const COUNT_EVERY: Duration = Duration::from_secs(300);
const COUNT_LOOK_EVERY: Duration = Duration::from_secs(15);
/// Far more than counting takes: a server that goes away meanwhile is waited for so long.
const COUNT_LEASE: Duration = Duration::from_secs(900);
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
        let lines: Vec<_> = batch.into_iter().map(|(_, revocation)| revocation).collect();
        applied += ctx.stores.sessions.end_all(&lines).await?;
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

/// Counts the live sessions if that is due and no other server does; whether it was. Tells
/// what was counted last, whoever did.
pub async fn count_sessions(ctx: &Ctx) -> Result<bool, Error> {
    let (now, sessions, tallies) = (ctx.now(), &ctx.stores.sessions, &ctx.stores.tallies);
    let is_mine = tallies.claim(Tally::Sessions, now, now + COUNT_LEASE).await?;
    if is_mine {
        let number = sessions.count(now).await?;
        tallies.put(Tally::Sessions, number, now + COUNT_EVERY).await?;
    }
    if let Some(number) = tallies.get(Tally::Sessions).await? {
        ctx.metrics.sessions(number);
    }
    Ok(is_mine)
}

/// Asks the stores for a sign of life, whether or not anybody wants to know.
pub fn watch_stores(readiness: Arc<Readiness>, tasks: &TaskTracker, stop: &CancellationToken) {
    tasks.spawn(every(PROBE_EVERY, "probe", stop.clone(), move || {
        let readiness = readiness.clone();
        async move {
            readiness.unavailable().await;
            Ok(())
        }
    }));
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
    let counted = ctx.clone();
    tasks.spawn(every(COUNT_LOOK_EVERY, "count", stop.clone(), move || {
        let ctx = counted.clone();
        async move { count_sessions(&ctx).await.map(drop) }
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

/// Takes new policies, until `stop`.
pub fn follow_policy(ext_authz: Arc<ExtAuthz>, tasks: &TaskTracker, stop: &CancellationToken) {
    tasks.spawn(every(POLICY_EVERY, "policy", stop.clone(), move || {
        let ext_authz = ext_authz.clone();
        async move { tokio::task::spawn_blocking(move || ext_authz.reload()).await.map(drop).map_err(Error::internal) }
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
    let mut is_failing = false;
    let mut ticks = tokio::time::interval(period);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let round = async {
            ticks.tick().await;
            let done = AssertUnwindSafe(job()).catch_unwind().await;
            done.unwrap_or_else(|_| Err(Error::internal("a job panicked")))
        };
        // A job goes on from what it has written, so it can be dropped anywhere.
        let done = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            done = round => done,
        };
        match done {
            Ok(()) if std::mem::take(&mut is_failing) => tracing::info!(job = name, "a job is done again"),
            Ok(()) => {}
            // One line, however long the outage is.
            Err(error) if std::mem::replace(&mut is_failing, true) => {
                tracing::debug!(job = name, %error, "a job failed again");
            }
            Err(error) => tracing::warn!(job = name, %error, "a job failed; it is tried again"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn a_job_that_panicked_is_done_again() {
        let (done, stop) = (AtomicUsize::new(0), CancellationToken::new());
        let job = || async {
            assert!(done.fetch_add(1, Ordering::Relaxed) > 0, "the first time");
            Ok(())
        };
        let jobs = every(SECOND, "test", stop.clone(), job);
        assert!(tokio::time::timeout(3 * SECOND, jobs).await.is_err());
        assert!(done.load(Ordering::Relaxed) > 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_that_takes_long_holds_up_no_stop() {
        let stop = CancellationToken::new();
        let jobs = every(SECOND, "test", stop.clone(), std::future::pending);
        let stopped = async {
            tokio::time::sleep(2 * SECOND).await;
            stop.cancel();
        };
        let both = futures_util::future::join(jobs, stopped);
        assert!(tokio::time::timeout(3 * SECOND, both).await.is_ok());
    }
}
