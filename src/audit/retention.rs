//! Removing what is older than it has to be kept.

use super::{Fault, chain};
use crate::{
    ctx::Ctx,
    domain::Timestamp,
    storage::audit_chain::{Chain, Point},
};

/// At a time.
const BATCH: u32 = 256;

/// Removes events from the old end of the chain, in small batches; how many. Only what
/// verifies is removed: what was changed stays, for somebody to look at.
pub async fn sweep(ctx: &Ctx) -> Result<u64, Fault> {
    let Some(kept) = ctx.rules.audit_retention else { return Ok(0) };
    let oldest = ctx.now() - kept;
    let mut removed = 0;
    loop {
        match sweep_batch(ctx, oldest).await? {
            0 => return Ok(removed),
            number => removed += number,
        }
    }
}

async fn sweep_batch(ctx: &Ctx, oldest: Timestamp) -> Result<u64, Fault> {
    let store = &ctx.stores.audit_chain;
    let Some((old, mac)) = store.chain().await? else { return Ok(0) };
    chain::check(&ctx.secrets, &old, &mac)?;
    let removed = last_before(ctx, &old, oldest).await?;
    let number = removed.number - old.removed.number;
    let new = Chain { removed, ..old };
    let is_changed = number > 0 && store.shorten(&mac, (&new, &chain::sign(&ctx.secrets, &new))).await?;
    Ok(if is_changed { number.unsigned_abs() } else { 0 })
}

/// The last link before the first of an event that has to be kept.
async fn last_before(ctx: &Ctx, chain: &Chain, oldest: Timestamp) -> Result<Point, Fault> {
    let mut removed = chain.removed;
    for next in ctx.stores.audit_chain.links(removed.number, BATCH).await? {
        let is_last = next.link.point.number > chain.last.number;
        if is_last || next.row.as_ref().is_some_and(|row| row.at >= oldest) {
            break;
        }
        removed = chain::follow(&removed, &next)?;
    }
    Ok(removed)
}
