//! Reading the journal into the window.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{sync::Mutex, time::Instant};
use tokio_util::sync::CancellationToken;

use super::{Entry, Feed, Place, window::Window};
use crate::{
    domain::Timestamp,
    entropy::Entropy,
    storage::{Journal, Result, journal::Extent, sql::Listener},
};

/// How often the journal is asked in any case.
const POLL: Duration = Duration::from_secs(1);
/// The same where nobody tells of what other processes add.
const POLL_UNANNOUNCED: Duration = Duration::from_millis(250);
/// Before a connection that told of it is made anew.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);
const BATCH: u32 = 1_000;
/// What a batch costs for each subscriber, and for all together at most: so long
/// the next one is waited for, and gathers what comes meanwhile.
const PAUSE_PER_SUBSCRIBER: Duration = Duration::from_micros(50);
const MAX_PAUSE: Duration = Duration::from_millis(100);

/// Between two epochs that begin because a caller says so. The first makes all older
/// places unknown, so nobody who is honest needs a second.
const BELIEVE_AGAIN: Duration = Duration::from_secs(60);

/// Keeps a feed as the journal is.
pub struct Follower {
    feed: Arc<Feed>,
    journal: Arc<dyn Journal>,
    entropy: Arc<dyn Entropy>,
    /// One reads at a time. When a caller was believed last.
    reading: Mutex<Option<Instant>>,
}

impl Follower {
    /// Reads nothing yet.
    pub fn new(feed: Arc<Feed>, journal: Arc<dyn Journal>, entropy: Arc<dyn Entropy>) -> Self {
        Self { feed, journal, entropy, reading: Mutex::default() }
    }

    /// Reads whenever there may be something new, until `stop`.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let (feed, mut is_blind) = (&self.feed, false);
        loop {
            let caught_up = self.catch_up().await;
            log_outage(&caught_up, &mut is_blind);
            let pause = match caught_up {
                Ok(true) => self.pause(),
                Ok(false) => Duration::ZERO,
                Err(_) => POLL_UNANNOUNCED,
            };
            feed.metrics.feed_behind(feed.behind());
            let poll = if feed.announced.load(Ordering::Relaxed) { POLL } else { POLL_UNANNOUNCED };
            let news = async {
                tokio::time::sleep(pause).await;
                let _ = tokio::time::timeout(poll, feed.news.notified()).await;
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = news => {}
            }
        }
    }

    /// Wakes the feed when another process has added to the journal, until `stop`.
    pub async fn listen(self: Arc<Self>, mut listener: Listener, stop: CancellationToken) {
        let mut is_deaf = false;
        loop {
            let heard = tokio::select! {
                () = stop.cancelled() => return,
                heard = listener.heard() => heard,
            };
            self.feed.set_announced(heard.is_ok());
            let Err(error) = heard else {
                is_deaf = false;
                self.feed.wake();
                continue;
            };
            if !std::mem::replace(&mut is_deaf, true) {
                tracing::warn!(%error, "nobody tells of new revocations; the journal is asked more often");
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LISTEN_AGAIN) => {}
            }
        }
    }

    fn pause(&self) -> Duration {
        let subscribers = u32::try_from(self.feed.changed.receiver_count()).unwrap_or(u32::MAX);
        PAUSE_PER_SUBSCRIBER.saturating_mul(subscribers).min(MAX_PAUSE)
    }

    /// Reads what is new; whether anything was.
    pub async fn catch_up(&self) -> Result<bool> {
        let _alone = self.reading.lock().await;
        self.read(Instant::now()).await
    }

    /// The same for a caller who says that it has seen a place. If the journal does
    /// not reach it, it has lost lines, and its numbers will come to mean others.
    pub async fn catch_up_with(&self, place: &Place) -> Result<()> {
        let mut believed = self.reading.lock().await;
        self.read(Instant::now()).await?;
        let known = self.feed.place();
        let is_believed = believed.is_none_or(|at| at.elapsed() >= BELIEVE_AGAIN);
        if known.epoch == place.epoch && known.sequence < place.sequence && is_believed {
            self.renew(&known.epoch).await?;
            *believed = Some(Instant::now());
            self.read(Instant::now()).await?;
        }
        Ok(())
    }

    async fn read(&self, begun: Instant) -> Result<bool> {
        let extent = self.journal.extent().await?;
        let known = self.feed.place();
        let changed = if extent.epoch.is_empty() || extent.epoch != known.epoch {
            self.load(extent).await?;
            true
        } else if extent.highest < known.sequence {
            tracing::error!(known.sequence, extent.highest, "the journal has lost lines: the feed begins anew");
            self.load(extent).await?;
            true
        } else {
            self.read_after(known.sequence, &extent).await?
        };
        let now = self.feed.clock.now();
        let length = self.feed.write(|window| {
            window.prune(now);
            window.read_at = Some(begun);
            window.len()
        });
        self.feed.metrics.feed_window(length);
        if changed {
            self.feed.changed.send_replace(());
        }
        Ok(changed)
    }

    async fn read_after(&self, mut after: i64, extent: &Extent) -> Result<bool> {
        if extent.highest == after {
            return Ok(false);
        }
        loop {
            let page = self.journal.live(after, self.feed.clock.now(), BATCH).await?;
            let Some((last, _)) = page.last() else { break };
            after = *last;
            self.feed.write(|window| page.iter().for_each(|(number, line)| window.push(Entry::of(*number, line))));
        }
        // What lies between has expired, or is of a kind of a later release.
        self.feed.write(|window| window.reached(extent.highest));
        Ok(true)
    }

    /// Reads all that matters, under an epoch that is true.
    async fn load(&self, mut extent: Extent) -> Result<()> {
        let known = self.feed.place();
        if extent.epoch.is_empty() || (extent.epoch == known.epoch && extent.highest < known.sequence) {
            self.renew(&extent.epoch).await?;
            extent = self.journal.extent().await?;
        }
        let (mut entries, now) = (self.recent(self.feed.clock.now()).await?, self.feed.clock.now());
        entries.reverse();
        entries.retain(|entry| entry.matters(now));
        self.feed.write(|window| *window = Window::new(extent.epoch, extent.highest, entries));
        Ok(())
    }

    /// The lines that may matter, the latest first. Clocks differ, so the order of
    /// times is not quite that of numbers: a whole page of old ones is the end.
    async fn recent(&self, now: Timestamp) -> Result<Vec<Entry>> {
        let (mut entries, mut before) = (Vec::new(), i64::MAX);
        loop {
            let page = self.journal.latest(before, BATCH).await?;
            let Some((last, _)) = page.last() else { return Ok(entries) };
            before = *last;
            let old = entries.len();
            entries.extend(page.iter().map(|(number, line)| Entry::of(*number, line)).filter(|line| line.matters(now)));
            if entries.len() == old {
                return Ok(entries);
            }
        }
    }

    /// Of several servers that find out at once one names the new epoch.
    async fn renew(&self, old: &str) -> Result<()> {
        let epoch: [u8; 16] = self.entropy.bytes();
        self.journal.replace_epoch(old, &hex::encode(epoch)).await.map(drop)
    }
}

/// One line at each change, however long it lasts.
fn log_outage(caught_up: &Result<bool>, is_blind: &mut bool) {
    match caught_up {
        Ok(_) if std::mem::take(is_blind) => tracing::info!("the feed knows again what was taken back"),
        Err(error) if !std::mem::replace(is_blind, true) => {
            tracing::warn!(%error, "the feed does not know what was taken back; it asks again");
        }
        _ => {}
    }
}
