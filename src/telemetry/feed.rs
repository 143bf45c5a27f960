//! Metrics of the feed of revocations.

use std::{sync::atomic::AtomicU64, time::Duration};

use prometheus_client::metrics::{counter::Counter, gauge::Gauge, histogram::Histogram};

use super::{
    Metrics,
    by_word::ByWord,
    catalog::{Catalog, Row},
    metrics::{count, seconds},
};

/// See the module.
pub(super) struct Feed {
    subscribers: Gauge,
    frames: ByWord<Counter>,
    resyncs: Counter,
    window: Gauge,
    behind: Gauge<f64, AtomicU64>,
    delivery: Histogram,
}

impl Feed {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        let this = Self {
            subscribers: Gauge::default(),
            frames: ByWord::new("kind", ["snapshot", "delta", "heartbeat", "keys"]),
            resyncs: Counter::default(),
            window: Gauge::default(),
            behind: Gauge::default(),
            delivery: seconds(),
        };
        catalog.section("The feed of revocations");
        let subscribers = "Who follows the feed of revocations";
        catalog.add(
            Row::new("feed_subscribers", subscribers, "Services that are missing; 4096 is full"),
            &this.subscribers,
        );
        this.frames
            .register(catalog, Row::new("feed_frames", "Frames that subscribers were sent, by kind", "Its load"));
        let resyncs = "Snapshots: subscribers that could not go on where they were";
        catalog.add(Row::new("feed_resyncs", resyncs, "Services that lose their place"), &this.resyncs);
        let window = "Revocations that can still strike a token";
        catalog.add(Row::new("feed_window", window, "Its memory, and the size of a snapshot"), &this.window);
        let behind = "Time since the journal was last known to hold nothing more";
        let row =
            Row::new("feed_behind", behind, "Access tokens that outlive their revocation; beyond 5 s it is a fault");
        catalog.add(row.seconds(), &this.behind);
        let row = Row::new(
            "feed_delivery",
            "Time from a revocation to the frame with it, handed to a subscriber; of \
             the oldest in the frame",
            "How long a revoked access token is still taken. Another server's revocations \
             are timed by its clock",
        );
        catalog.add(row.seconds(), &this.delivery);
        this
    }
}

impl Metrics {
    /// So many more follow the feed.
    pub fn feed_subscribers(&self, more: i64) {
        self.feed.subscribers.inc_by(more);
    }

    /// A subscriber was sent a frame.
    pub fn feed_frame(&self, kind: &'static str) {
        self.feed.frames.of(kind).inc();
    }

    /// A subscriber was sent news, the oldest of which is so old.
    pub fn feed_delivery(&self, after: Duration) {
        self.feed.delivery.observe(after.as_secs_f64());
    }

    /// A subscriber is sent a snapshot.
    pub fn feed_resync(&self) {
        self.feed.resyncs.inc();
    }

    /// So many revocations can still strike a token.
    pub fn feed_window(&self, length: usize) {
        self.feed.window.set(count(length as u64));
    }

    /// So long ago it was known last that the journal holds nothing more.
    pub fn feed_behind(&self, behind: Duration) {
        self.feed.behind.set(behind.as_secs_f64());
    }
}
