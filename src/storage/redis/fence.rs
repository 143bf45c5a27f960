//! What keeps a server that has lost writes from letting anybody in.
//!
//! Redis replicates asynchronously: the replica that takes over, and a server
//! that is started on an old dump, may know sessions that have ended. Neither
//! knows our scripts, for Redis keeps them in the memory of one process and
//! replicates none. So where a fenced script is unknown, the journal is applied
//! first, and then the scripts are loaded, under a new mark: a former primary
//! that comes back still knows the old ones.

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use fred::{
    prelude::{ClientLike, KeysInterface},
    types::Value,
};
use tokio::{sync::Mutex, task::JoinSet};
use tracing::Instrument;

use super::{
    RedisNeeds, Result,
    link::{Failure, Link, late, unavailable},
    micros, raw,
    script::{END, END_UNTIL, Fenced, Script},
};
use crate::{
    domain::{Revocation, Timestamp, revocation::Target},
    storage::StoreError,
};

/// One to learn a mark, one to find that it has to be renewed, one to pass.
const ATTEMPTS: usize = 3;
const BATCH: u32 = 500;
/// How far the journal was followed, where only the server can say.
const UNKNOWN: i64 = -1;
/// For how long a mark is good after SQL has confirmed it. A process that is cut off
/// from SQL, but not from a former primary, lets nobody in for longer.
const LEASE: Duration = Duration::from_secs(30);

/// Why there is something to find out.
enum Renewal {
    /// The lease has lapsed.
    OfLease,
    /// The server did not know the scripts under this mark.
    After(Option<String>),
}

pub(super) struct Gatekeeper {
    link: Arc<Link>,
    needs: RedisNeeds,
    known: RwLock<Option<Arc<Fenced>>>,
    mending: Arc<Mutex<()>>,
    /// The number in the journal up to which this server has applied it.
    followed: AtomicI64,
    /// When SQL has confirmed the mark, in microseconds.
    confirmed: AtomicI64,
}

impl Gatekeeper {
    pub(super) fn new(link: Arc<Link>, needs: RedisNeeds) -> Self {
        let (followed, confirmed) = (AtomicI64::new(UNKNOWN), AtomicI64::new(i64::MIN));
        Self { link, needs, known: RwLock::default(), mending: Arc::default(), followed, confirmed }
    }

    /// Runs a script, if need be after mending; all of it in time.
    pub(super) async fn call(
        self: &Arc<Self>,
        pick: fn(&Fenced) -> &Script,
        key: &[u8],
        args: Vec<Value>,
    ) -> Result<Value> {
        if let Some(fenced) = self.known().filter(|_| !self.is_lapsed()) {
            match self.link.call(pick(&fenced), key, args.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(Failure::Store(error)) => return Err(error),
                Err(Failure::NoScript) => {}
            }
        }
        // On the heap: it is large, and hardly ever runs.
        let mended = Box::pin(self.call_or_mend(pick, key, args));
        tokio::time::timeout(self.link.deadline() * 2, mended).await.map_err(late)?
    }

    async fn call_or_mend(
        self: &Arc<Self>,
        pick: fn(&Fenced) -> &Script,
        key: &[u8],
        args: Vec<Value>,
    ) -> Result<Value> {
        for _ in 0..ATTEMPTS {
            if self.is_lapsed() {
                self.renew_in_time(Renewal::OfLease).await?;
                // Somebody else has asked: in vain, or before the clock was set.
                if self.is_lapsed() {
                    continue;
                }
            }
            let known = self.known();
            if let Some(fenced) = &known {
                match self.link.call(pick(fenced), key, args.clone()).await {
                    Ok(answer) => return Ok(answer),
                    Err(Failure::Store(error)) => return Err(error),
                    Err(Failure::NoScript) => {}
                }
            }
            self.renew_in_time(Renewal::After(known.map(|fenced| fenced.mark.clone()))).await?;
        }
        Err(StoreError::Unavailable(
            "what Redis is to know is not confirmed, or forgotten as fast as it is told".into(),
        ))
    }

    /// Goes on after the caller has been told that it takes too long. One at a
    /// time: others wait, and leave no task behind when they give up.
    async fn renew_in_time(self: &Arc<Self>, renewal: Renewal) -> Result<()> {
        let Ok(alone) = self.mending.clone().try_lock_owned() else {
            return tokio::time::timeout(self.link.deadline(), self.mending.lock()).await.map(drop).map_err(late);
        };
        let gate = self.clone();
        let renewal = async move {
            let _alone = alone;
            match renewal {
                Renewal::OfLease => gate.confirm().await,
                Renewal::After(seen) => gate.learn_or_mend(seen.as_deref()).await,
            }
        };
        let renewal = tokio::spawn(renewal.in_current_span());
        let renewed = tokio::time::timeout(self.link.deadline(), renewal).await.map_err(late)?;
        renewed.map_err(|error| StoreError::Unavailable(Box::new(error)))?
    }

    /// Asks SQL whether the mark is still the one to go by.
    async fn confirm(self: &Arc<Self>) -> Result<()> {
        if !self.is_lapsed() {
            return Ok(());
        }
        let stored = self.stored_mark().await?;
        if self.known().is_none_or(|fenced| fenced.mark != stored) {
            self.learn(stored);
        }
        Ok(())
    }

    /// Clocks that were set back make it lapse too.
    fn is_lapsed(&self) -> bool {
        let confirmed = Timestamp::from_micros(self.confirmed.load(Ordering::Relaxed));
        let now = self.needs.clock.now();
        now < confirmed || now.since(confirmed) > LEASE
    }

    /// The mark in SQL; with it the lease begins anew.
    async fn stored_mark(&self) -> Result<String> {
        let asked = self.needs.clock.now();
        let mark = self.needs.fence.mark().await?;
        self.confirmed.store(asked.micros(), Ordering::Relaxed);
        Ok(mark)
    }

    /// Finds scripts to go on with after those under the mark `seen` were not
    /// known to the server.
    async fn learn_or_mend(self: &Arc<Self>, seen: Option<&str>) -> Result<()> {
        if self.known().as_ref().map(|fenced| fenced.mark.as_str()) != seen {
            return Ok(());
        }
        let stored = self.stored_mark().await?;
        if seen != Some(stored.as_str()) {
            self.learn(stored);
            return Ok(());
        }
        self.renew(&stored).await.map(drop)
    }

    /// Applies what the journal says, and lets calls in under a new mark.
    ///
    /// Its scripts are loaded first, when nobody goes by them yet: should another
    /// server take over in the middle, it does not know them, and is mended next.
    async fn renew(self: &Arc<Self>, stored: &str) -> Result<u64> {
        let mark: [u8; 16] = self.needs.entropy.bytes();
        let fenced = Fenced::under(self.link.scope(), hex::encode(mark));
        for script in fenced.all() {
            self.link.load(script).await?;
        }
        let applied = self.apply_after(self.applied_there().await?, &fenced).await?;
        tracing::info!(applied, "the journal was applied to Redis, which may have lost writes");
        if self.needs.fence.replace_mark(stored, &fenced.mark).await? {
            self.adopt(fenced);
        }
        Ok(applied)
    }

    /// For a start: a crash may have come between the journal and Redis.
    pub(super) async fn mend(self: &Arc<Self>) -> Result<u64> {
        let _alone = self.mending.lock().await;
        self.renew(&self.stored_mark().await?).await
    }

    /// Goes by the mark of another process. What this one followed, it may have
    /// applied to a server that reigns no more.
    fn learn(&self, mark: String) -> Arc<Fenced> {
        self.followed.store(UNKNOWN, Ordering::Relaxed);
        self.adopt(Fenced::under(self.link.scope(), mark))
    }

    fn adopt(&self, fenced: Fenced) -> Arc<Fenced> {
        let fenced = Arc::new(fenced);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(fenced.clone());
        fenced
    }

    /// The mark is asked for again before the next call: the connection was lost,
    /// and who knows what is at its other end now.
    pub(super) fn doubt(&self) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn known(&self) -> Option<Arc<Fenced>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Applies what the journal has gained since this was last asked, whichever
    /// server wrote it: that one may have been cut off, with a former primary.
    pub(super) async fn follow(self: &Arc<Self>) -> Result<u64> {
        let _alone = self.mending.lock().await;
        let stored = self.stored_mark().await?;
        let Some(mut fenced) = self.known() else { return self.renew(&stored).await };
        if fenced.mark != stored {
            fenced = self.learn(stored.clone());
        }
        let followed = match self.followed.load(Ordering::Relaxed) {
            UNKNOWN => self.applied_there().await?,
            followed => followed,
        };
        match self.tell_applied(followed, &fenced).await {
            // Whoever reigns now is mended before it has had time to matter.
            Err(Failure::NoScript) => self.renew(&stored).await,
            told => {
                told?;
                self.apply_after(followed, &fenced).await
            }
        }
    }

    /// How far the journal is applied. By a fenced script: on a server that has
    /// taken over in the meantime it would not be true.
    async fn tell_applied(&self, number: i64, fenced: &Fenced) -> std::result::Result<(), Failure> {
        self.link.call(&fenced.applied, &self.link.key("applied", b""), vec![number.into()]).await.map(drop)
    }

    /// The number that the server itself holds is lost with the writes that it
    /// spoke of. In a cluster it would speak of one node only.
    async fn applied_there(&self) -> Result<i64> {
        if self.link.client().is_clustered() {
            return Ok(0);
        }
        let key = self.link.key("applied", b"");
        let read = self.link.client().get::<Option<i64>, _>(key.as_slice());
        Ok(self.link.about(&key, read).await.map_err(unavailable)?.unwrap_or(0))
    }

    async fn apply_after(self: &Arc<Self>, mut after: i64, fenced: &Fenced) -> Result<u64> {
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
            self.tell_applied(after, fenced).await?;
        }
        self.followed.store(after, Ordering::Relaxed);
        Ok(applied)
    }

    async fn apply(&self, revocation: &Revocation) -> Result<u64> {
        let person = self.link.key("s:", revocation.user_id.0.as_bytes());
        let ended = match revocation.target {
            // No session ends by it.
            Target::Token(_) => return Ok(0),
            Target::Session(id) => self.link.run(&END, &person, vec![raw(id.0.as_bytes())]).await?,
            Target::User => self.link.run(&END_UNTIL, &person, vec![micros(revocation.not_before)]).await?,
        };
        Ok(ended.as_u64().unwrap_or(0))
    }
}
