//! What is known here of tokens, as the layer asks for it.

use std::{sync::Arc, time::Duration};

use sekisho_interceptor::{Claims, Event, Introspection, Introspector, Meter, RevocationSource, Unavailable};
use tokio::sync::{Semaphore, watch};

use crate::{ctx::Ctx, flows::introspect, telemetry::Metrics};

/// The feed of this process and, where a policy is strict, the records.
pub(super) struct Knowledge {
    ctx: Arc<Ctx>,
    /// Of questions to the records.
    places: Arc<Semaphore>,
    changes: watch::Sender<u64>,
}

impl Knowledge {
    pub(super) fn new(ctx: Arc<Ctx>, calls: usize) -> Self {
        let places = Arc::new(Semaphore::new(calls.min(Semaphore::MAX_PERMITS)));
        Self { ctx, places, changes: watch::Sender::new(0) }
    }
}

impl RevocationSource for Knowledge {
    fn strikes(&self, claims: &Claims) -> bool {
        self.ctx.feed.strikes_as_sibling(claims)
    }

    fn staleness(&self) -> Option<Duration> {
        self.ctx.feed.staleness()
    }

    // Never: an answer to a proxy is whole at once, so there is none to cut.
    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

impl Introspector for Knowledge {
    fn introspect(&self, token: &str) -> Introspection {
        let (ctx, token) = (self.ctx.clone(), token.to_owned());
        let place = self.places.clone().try_acquire_owned();
        Box::pin(async move {
            let _place = place.map_err(|_| Unavailable)?;
            let active = introspect::active(&ctx, &token, ctx.now()).await;
            active.map(|token| token.is_some()).map_err(|error| {
                tracing::debug!(%error, "the records could not be asked about a token");
                Unavailable
            })
        })
    }
}

/// Counts what the layer decides.
pub(super) struct Count(pub(super) Arc<Metrics>);

impl Meter for Count {
    fn note(&self, event: Event) {
        match event {
            Event::Admitted => self.0.authz_check("allowed"),
            Event::Refused(refusal) => self.0.authz_check(refusal.reason()),
            Event::StaleServed => self.0.authz_stale_served(),
            Event::HeadersStripped { count } => self.0.authz_headers_stripped(count),
            _ => {}
        }
    }
}
