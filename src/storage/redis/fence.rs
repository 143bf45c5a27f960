//! What keeps a server that has lost writes from letting anybody in.
//!
//! Redis replicates asynchronously: the replica that takes over, and a server
//! that is started on an old dump, may know sessions that have ended. Neither
//! knows our scripts, for Redis keeps them in the memory of one process and
//! replicates none. So where a fenced script is unknown, the journal is applied
//! first, and then the scripts are loaded, under a new mark: a former primary
//! that comes back still knows the old ones.

use std::sync::{
    Arc, RwLock,
    atomic::{AtomicBool, AtomicI64, Ordering},
};

use fred::{
    prelude::{ClientLike, KeysInterface},
    types::Value,
};
use tokio::{sync::Mutex, task::JoinSet};

use super::{
    RedisNeeds, Result, hex,
    link::{Failure, Link, late, unavailable},
    micros, raw,
    script::{END, END_UNTIL, Fenced, MARK, Script},
};
use crate::{
    domain::{Revocation, revocation::Target},
    storage::StoreError,
};

/// One to learn a mark, one to find that it has to be renewed, one to pass.
const ATTEMPTS: usize = 3;
const BATCH: u32 = 500;

pub(super) struct Gatekeeper {
    link: Arc<Link>,
    needs: RedisNeeds,
    known: RwLock<Option<Arc<Fenced>>>,
    mending: Mutex<()>,
    /// The number in the journal up to which this server has applied it.
    followed: AtomicI64,
    has_begun: AtomicBool,
}

impl Gatekeeper {
    pub(super) fn new(link: Arc<Link>, needs: RedisNeeds) -> Self {
        let (known, mending) = (RwLock::default(), Mutex::default());
        Self { link, needs, known, mending, followed: AtomicI64::new(0), has_begun: AtomicBool::new(false) }
    }

    /// Runs a script, if need be after mending.
    pub(super) async fn call(
        self: &Arc<Self>,
        pick: fn(&Fenced) -> &Script,
        key: &[u8],
        args: Vec<Value>,
    ) -> Result<Value> {
        for _ in 0..ATTEMPTS {
            let known = self.known();
            if let Some(fenced) = &known {
                match self.link.call(pick(fenced), key, args.clone()).await {
                    Ok(answer) => return Ok(answer),
                    Err(Failure::Store(error)) => return Err(error),
                    Err(Failure::NoScript) => {}
                }
            }
            self.renew_in_time(known.map(|fenced| fenced.mark.clone())).await?;
        }
        Err(StoreError::Unavailable("Redis forgets scripts as fast as they are loaded".into()))
    }

    /// Goes on after the caller has been told that it takes too long.
    async fn renew_in_time(self: &Arc<Self>, seen: Option<String>) -> Result<()> {
        let gate = self.clone();
        let renewal = tokio::spawn(async move { gate.renew(seen.as_deref()).await });
        let renewed = tokio::time::timeout(self.link.deadline(), renewal).await.map_err(late)?;
        renewed.map_err(|error| StoreError::Unavailable(Box::new(error)))?
    }

    /// Finds scripts to go on with after those under the mark `seen` were not
    /// known to the server.
    async fn renew(self: &Arc<Self>, seen: Option<&str>) -> Result<()> {
        let _alone = self.mending.lock().await;
        if self.known().as_ref().map(|fenced| fenced.mark.as_str()) != seen {
            return Ok(());
        }
        let stored = self.needs.fence.mark().await?;
        if seen != Some(stored.as_str()) {
            self.adopt(Fenced::under(stored));
            return Ok(());
        }
        let applied = self.reapply().await?;
        tracing::info!(applied, "Redis may have lost writes: the journal was applied to it");
        let mark: [u8; 16] = self.needs.entropy.bytes();
        let mark = hex(&mark);
        if self.needs.fence.replace_mark(&stored, &mark).await? {
            self.load(Fenced::under(mark)).await?;
        }
        Ok(())
    }

    /// Applies what the journal says, and lets calls in.
    pub(super) async fn mend(self: &Arc<Self>) -> Result<u64> {
        let _alone = self.mending.lock().await;
        let applied = self.reapply().await?;
        self.load(Fenced::under(self.needs.fence.mark().await?)).await?;
        Ok(applied)
    }

    async fn load(&self, fenced: Fenced) -> Result<()> {
        for script in fenced.all() {
            self.link.load(script).await?;
        }
        self.adopt(fenced);
        Ok(())
    }

    fn adopt(&self, fenced: Fenced) {
        *self.known.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(Arc::new(fenced));
    }

    /// The mark is asked for again before the next call: the connection was lost,
    /// and who knows what is at its other end now.
    pub(super) fn doubt(&self) {
        *self.known.write().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
    }

    fn known(&self) -> Option<Arc<Fenced>> {
        self.known.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Applies all that the server may lack.
    async fn reapply(self: &Arc<Self>) -> Result<u64> {
        let from = self.applied_there().await?;
        self.apply_after(from).await
    }

    /// Applies what the journal has gained since this was last asked, whichever
    /// server wrote it: that one may have been cut off, with a former primary.
    pub(super) async fn follow(self: &Arc<Self>) -> Result<u64> {
        let _alone = self.mending.lock().await;
        let stored = self.needs.fence.mark().await?;
        if self.known().is_some_and(|fenced| fenced.mark != stored) {
            self.adopt(Fenced::under(stored));
        }
        let from = match self.has_begun.load(Ordering::Relaxed) {
            true => self.followed.load(Ordering::Relaxed),
            false => self.applied_there().await?,
        };
        self.apply_after(from).await
    }

    /// The number that the server itself holds is lost with the writes that it
    /// spoke of. In a cluster it would speak of one node only.
    async fn applied_there(&self) -> Result<i64> {
        if self.link.client().is_clustered() {
            return Ok(0);
        }
        let key = self.link.key("applied", b"");
        let read = self.link.client().get::<Option<i64>, _>(key.as_slice());
        Ok(self.link.in_time(read).await.map_err(unavailable)?.unwrap_or(0))
    }

    async fn apply_after(self: &Arc<Self>, mut after: i64) -> Result<u64> {
        let (now, mut applied) = (self.needs.clock.now(), 0);
        loop {
            let batch = self.needs.journal.live(after, now, BATCH).await?;
            let Some((last, _)) = batch.last() else { break };
            after = *last;
            let mut work = JoinSet::new();
            for (_, revocation) in batch {
                let gate = self.clone();
                work.spawn(async move { gate.apply(&revocation).await });
            }
            while let Some(done) = work.join_next().await {
                applied += done.map_err(|error| StoreError::Unavailable(Box::new(error)))??;
            }
            self.link.run(&MARK, &self.link.key("applied", b""), vec![after.into()]).await?;
        }
        self.followed.store(after, Ordering::Relaxed);
        self.has_begun.store(true, Ordering::Relaxed);
        Ok(applied)
    }

    async fn apply(&self, revocation: &Revocation) -> Result<u64> {
        let person = self.link.key("s:", revocation.user_id.0.as_bytes());
        let ended = match revocation.target {
            Target::Session(id) => self.link.run(&END, &person, vec![raw(id.0.as_bytes())]).await?,
            Target::User => self.link.run(&END_UNTIL, &person, vec![micros(revocation.not_before)]).await?,
        };
        Ok(ended.as_u64().unwrap_or(0))
    }
}
