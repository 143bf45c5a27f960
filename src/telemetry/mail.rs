//! Metrics of mails: codes leave from memory, notices from the outbox.

use std::{sync::atomic::AtomicU64, time::Duration};

use prometheus_client::metrics::{counter::Counter, gauge::Gauge};

use super::{
    Metrics,
    by_word::ByWord,
    catalog::{Catalog, Row},
    metrics::count,
};
use crate::mail::queue::MailQueue;

/// See the module.
pub(super) struct Mail {
    mails: ByWord<Counter>,
    queue: Gauge,
    notices: ByWord<Counter>,
    waiting: Gauge,
    oldest: Gauge<f64, AtomicU64>,
}

impl Mail {
    pub(super) fn register(catalog: &mut Catalog) -> Self {
        let this = Self {
            mails: ByWord::new("kind", ["sent", "retried", "failed"]),
            queue: Gauge::default(),
            notices: ByWord::new("kind", ["sent", "retried", "given_up"]),
            waiting: Gauge::default(),
            oldest: Gauge::default(),
        };
        catalog.section("Mail");
        let row = Row::new(
            "mails",
            "Mails with codes, by what became of them",
            "Whether codes arrive: `failed` never \
             will",
        );
        this.mails.register(catalog, row);
        let queue = "Mails with codes that wait in memory, or are on their way";
        catalog.add(Row::new("mail_queue", queue, "A mail server that is slow or away; 1000 is full"), &this.queue);
        let row = Row::new(
            "notices",
            "Attempts at notices, by what became of them",
            "People who are not told: \
             `given_up`",
        );
        this.notices.register(catalog, row);
        let waiting = "Notices in the outbox, of the whole deployment";
        catalog.add(Row::new("notices_waiting", waiting, "Growth: none leaves"), &this.waiting);
        let row = Row::new(
            "notices_oldest",
            "Age of the oldest notice in the outbox, due or to be tried again; 0 if \
             there is none",
            "How late people are told. A notice is given up after three days; one of a newer release waits for that release",
        );
        catalog.add(row.seconds(), &this.oldest);
        this
    }
}

impl Metrics {
    /// What became of the mails with codes, and how many there are.
    pub fn mails(&self, queue: &MailQueue) {
        let stats = queue.stats();
        for (outcome, total) in [("sent", stats.sent()), ("retried", stats.retried()), ("failed", stats.failed())] {
            let counter = self.mail.mails.of(outcome);
            counter.inc_by(total.saturating_sub(counter.get()));
        }
        self.mail.queue.set(count(queue.len() as u64));
    }

    /// An attempt at a notice had this outcome.
    pub fn notice(&self, outcome: &'static str) {
        self.mail.notices.of(outcome).inc();
    }

    /// So many notices are in the outbox, and the oldest is so old.
    pub fn notices_waiting(&self, number: u64, oldest: Duration) {
        self.mail.waiting.set(count(number));
        self.mail.oldest.set(oldest.as_secs_f64());
    }
}
