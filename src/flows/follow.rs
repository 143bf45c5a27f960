//! Following the feed of revocations.

use super::{Call, caller::ServiceCaller};
use crate::{
    ctx::Ctx,
    domain::{ClientId, EventKind, Name, UserId},
    error::Error,
    feed::{Place, Subscription},
};

/// Follows from a place on. `subscriber` is what the caller calls itself.
pub async fn follow(
    ctx: &Ctx,
    call: &Call,
    caller: ServiceCaller,
    cursor: Option<Place>,
    subscriber: &Name,
) -> Result<Subscription, Error> {
    let known = ctx.feed.place();
    if let Some(place) = cursor.as_ref().filter(|place| place.sequence > known.sequence) {
        ctx.follower.catch_up_with(place).await?;
    }
    let event = call.event(caller.now, EventKind::FeedFollowed).user(UserId(caller.claims.sub));
    let event = match ClientId::parse(&caller.claims.client_id) {
        Ok(client_id) => event.client(&client_id),
        Err(_) => event,
    };
    let subscription = ctx.feed.subscribe(caller.claims, cursor.as_ref())?;
    ctx.audit(event).await?;
    tracing::info!(subscriber = subscriber.as_str(), request_id = &*call.origin.request_id, "the feed is followed");
    Ok(subscription)
}
