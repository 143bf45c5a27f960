//! The Redis back end of what is volatile: sessions, codes, limits and the
//! stream of revocations. One server, Sentinel or Cluster; 7.0 and newer.
//!
//! Every act is one script on one key: atomic, in one slot of a cluster, one
//! round trip. What Redis forgets when it fails over, is flushed or restored,
//! the [fence] puts right before anybody is let in again.

mod answer;
mod codes;
mod fence;
mod limits;
mod link;
mod record;
mod revocations;
mod script;
mod session_count;
mod sessions;
mod silence;
mod survey;
mod url;

use std::{sync::Arc, time::Duration};

use fred::{interfaces::EventInterface, types::Value};
use tracing::Instrument;

pub use survey::Finding;
pub use url::RedisUrl;

use self::{
    answer::Answer,
    fence::Gatekeeper,
    link::Link,
    script::{Fenced, Script, UNMARKED},
};
use super::{Fence, Journal, Result};
use crate::{
    clock::Clock,
    domain::Timestamp,
    entropy::Entropy,
    telemetry::{Metrics, traces},
};

/// How to reach Redis, and how.
#[derive(Clone, Debug)]
pub struct RedisOptions {
    /// Where it is.
    pub url: RedisUrl,
    /// What the name of every key begins with.
    pub prefix: String,
    /// How long a call may take.
    pub deadline: Duration,
}

/// What the store needs of the rest of the service.
pub struct RedisNeeds {
    /// The truth about what was taken back.
    pub journal: Arc<dyn Journal>,
    /// The mark under which Redis is known to hold it.
    pub fence: Arc<dyn Fence>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// For new marks.
    pub entropy: Arc<dyn Entropy>,
    /// Counting.
    pub metrics: Arc<Metrics>,
    /// How long a line of the stream of revocations is kept.
    pub stream_kept: Duration,
}

/// Sessions, codes, limits and the stream of revocations on Redis.
pub struct RedisStore {
    link: Arc<Link>,
    gate: Arc<Gatekeeper>,
    metrics: Arc<Metrics>,
    stream_kept: Duration,
}

impl RedisStore {
    /// Starts to connect, and does not wait for it: until it succeeds every call
    /// is refused at once.
    pub fn start(options: &RedisOptions, needs: RedisNeeds) -> Result<Self> {
        let link = Arc::new(Link::start(&options.url, &options.prefix, options.deadline)?);
        let (metrics, stream_kept) = (needs.metrics.clone(), needs.stream_kept);
        let gate = Arc::new(Gatekeeper::new(link.clone(), needs));
        let doubting = Arc::downgrade(&gate);
        link.client().on_reconnect(move |_| {
            if let Some(gate) = doubting.upgrade() {
                gate.doubt();
            }
            std::future::ready(Ok(()))
        });
        Ok(Self { link, gate, metrics, stream_kept })
    }

    /// Waits a little for the connection.
    pub async fn connected(&self) -> Result<()> {
        self.link.connected().await
    }

    /// Applies what the journal says and Redis may lack; how many sessions that
    /// ended. Waits a little for the connection.
    pub async fn mend(&self) -> Result<u64> {
        self.link.connected().await?;
        self.gate.mend().await
    }

    /// Applies what the journal has gained, whoever wrote it.
    pub async fn follow_journal(&self) -> Result<u64> {
        self.gate.follow().await
    }

    /// What of the server's settings breaks a promise.
    pub async fn survey(&self) -> Result<Vec<Finding>> {
        survey::survey(&self.link).await
    }

    /// Whether it answers.
    pub async fn ping(&self) -> Result<()> {
        self.timed("ping", self.link.ping()).await
    }

    /// Ends the connection.
    pub async fn close(&self) {
        self.link.close().await;
    }

    /// Runs a script that takes things away, which is right at any time.
    async fn run(&self, script: &Script, key: &[u8], args: Vec<Value>) -> Result<Value> {
        self.timed(script.name, self.link.run(script, key, args)).await
    }

    /// Runs a script that lets somebody in, behind the fence.
    async fn fenced(&self, pick: fn(&Fenced) -> &Script, key: &[u8], args: Vec<Value>) -> Result<Answer> {
        let name = pick(&UNMARKED).name;
        self.timed(name, async { Answer::read(self.gate.call(pick, key, args).await?) }).await
    }

    /// Counts the time of an operation by its name.
    async fn timed<T>(&self, operation: &'static str, work: impl Future<Output = Result<T>>) -> Result<T> {
        let start = tokio::time::Instant::now();
        let span = traces::store("redis", operation);
        let result = work.instrument(span.clone()).await;
        traces::outcome(&span, result.is_ok());
        self.metrics.store(operation, result.is_ok(), start.elapsed());
        result
    }
}

fn micros(time: Timestamp) -> Value {
    time.micros().to_string().into()
}

fn span(duration: Duration) -> Value {
    duration.as_micros().to_string().into()
}

fn raw(bytes: &[u8]) -> Value {
    Value::Bytes(bytes.to_vec().into())
}
