//! The one task behind a [`Trust`](crate::Trust).

use std::sync::Arc;

use tokio::time::{sleep, sleep_until, timeout};
use tonic::{Code, Status};

use crate::{
    backoff::Backoff,
    proto::{WatchRevocationsRequest, WatchRevocationsResponse},
    trust::{
        event::{Ended, Resync, TrustEvent},
        follower::{Follower, Taken},
        inner::Inner,
    },
};

pub(crate) async fn run(inner: Arc<Inner>) {
    tokio::join!(follow(&inner), refresh(&inner), expire(&inner));
}

/// Keys that a token names and the feed did not bring yet.
async fn refresh(inner: &Inner) {
    loop {
        inner.refresh.granted().await;
        inner.refresh.done(inner.fetch_keys().await);
    }
}

async fn expire(inner: &Inner) {
    loop {
        inner.keys.expired().await;
        tracing::error!("the issuer's keys are too old to be trusted; no token is accepted");
        inner.note(&TrustEvent::KeysExpired);
        inner.changed();
    }
}

async fn follow(inner: &Inner) {
    let mut follower = Follower::default();
    let mut backoff = Backoff::new(inner.first_wait, inner.longest_wait, Arc::clone(&inner.random));
    loop {
        inner.link.renew().await;
        let ended = stream(inner, &mut follower, &mut backoff).await;
        inner.note(&TrustEvent::Disconnected(ended));
        match ended {
            Ended::Renewed => continue,
            Ended::Resync(reason) => {
                tracing::warn!(reason = reason.as_str(), "the feed of revocations begins anew");
                inner.note(&TrustEvent::Resync(reason));
                follower.forget();
            }
            Ended::Status(code) => tracing::warn!(?code, "the feed of revocations ended"),
            Ended::Closed | Ended::Silent => tracing::warn!(?ended, "the feed of revocations ended"),
        }
        // Where the feed is not to be had, or a proxy holds it up, the keys may be had.
        if matches!(ended, Ended::Status(_) | Ended::Silent) {
            inner.fetch_keys().await;
        }
        sleep(backoff.next()).await;
    }
}

async fn stream(inner: &Inner, follower: &mut Follower, backoff: &mut Backoff) -> Ended {
    match timeout(inner.silence, open(inner, follower)).await {
        Err(_) => Ended::Silent,
        Ok(Err(status)) => {
            inner.credentials.refused(&status).await;
            Ended::Status(status.code())
        }
        Ok(Ok((mut frames, renew_at))) => {
            inner.note(&TrustEvent::Connected);
            follower.begin();
            let renewal = async {
                match renew_at {
                    Some(when) => sleep_until(when).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                ended = read(inner, follower, backoff, &mut frames) => ended,
                () = renewal => Ended::Renewed,
            }
        }
    }
}

type Frames = tonic::Streaming<WatchRevocationsResponse>;

async fn open(inner: &Inner, follower: &Follower) -> Result<(Frames, Option<tokio::time::Instant>), Status> {
    let bearer = inner.bearer().await?;
    let message = WatchRevocationsRequest { cursor: follower.cursor(), subscriber: inner.subscriber.clone() };
    let frames = inner.client().watch_revocations(bearer.request(message)?).await?.into_inner();
    Ok((frames, bearer.renew_at))
}

async fn read(inner: &Inner, follower: &mut Follower, backoff: &mut Backoff, frames: &mut Frames) -> Ended {
    let mut keys_stand = false;
    loop {
        let frame = match timeout(inner.silence, frames.message()).await {
            Err(_) => return Ended::Silent,
            Ok(Ok(None)) => return Ended::Closed,
            Ok(Ok(Some(frame))) => frame,
            Ok(Err(status)) => {
                inner.credentials.refused(&status).await;
                // The end of the service token: no failure, and no reason to wait.
                let renewed = status.code() == Code::Unauthenticated && backoff.is_fresh();
                return if renewed { Ended::Renewed } else { Ended::Status(status.code()) };
            }
        };
        if inner.clock.was_set_back() {
            inner.incomplete();
            return Ended::Resync(Resync::Clock);
        }
        match follower.take(frame, &inner.set) {
            Err(reason) => {
                inner.changed();
                return Ended::Resync(reason);
            }
            Ok(Taken::Nothing) => {}
            Ok(Taken::Entries) => inner.changed(),
            Ok(Taken::NewEpoch) => {
                inner.note(&TrustEvent::Resync(Resync::Epoch));
                inner.changed();
            }
            Ok(Taken::Complete(behind)) => {
                backoff.reset();
                inner.complete(behind, keys_stand);
                inner.save().await;
            }
            Ok(Taken::Keys(keys)) => {
                keys_stand = inner.take_keys(&keys);
                inner.save().await;
            }
        }
    }
}
