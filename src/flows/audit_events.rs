//! Reading the audit log.

use super::{Call, caller::AnyCaller};
use crate::{
    audit::search::{self, Filter, Page},
    ctx::Ctx,
    domain::{EventKind, UserId},
    error::Error,
};

/// What a service needs to read it.
const SCOPE: &str = "audit:read";

/// At most `size` events before `before`, newest first: a person's own, and all of them
/// for a service that may.
pub async fn list(
    ctx: &Ctx,
    call: &Call,
    caller: &AnyCaller,
    filter: Filter,
    before: Option<i64>,
    size: usize,
) -> Result<Page, Error> {
    let (now, reader, filter) = match caller {
        AnyCaller::Person(person) => (person.now, person.user_id(), of_person(person.user_id(), filter)?),
        AnyCaller::Service(service) if service.claims.has_scope(SCOPE) => {
            (service.now, UserId(service.claims.sub), Some(filter))
        }
        AnyCaller::Service(_) => return Err(Error::PermissionDenied),
    };
    ctx.audit(call.event(now, EventKind::AuditRead).user(reader)).await?;
    let Some(filter) = filter else { return Ok(Page { rows: Vec::new(), before: None }) };
    Ok(search::page(&*ctx.stores.audit, &filter, before, size).await?)
}

/// `None`: nothing that a person may see.
fn of_person(id: UserId, mut filter: Filter) -> Result<Option<Filter>, Error> {
    if filter.user_id.is_some_and(|asked| asked != id.0) {
        return Err(Error::PermissionDenied);
    }
    filter.user_id = Some(id.0);
    if filter.kinds.is_empty() {
        filter.kinds = EventKind::ALL.to_vec();
    }
    filter.kinds.retain(|kind| kind.is_shown_to_its_person());
    Ok((!filter.kinds.is_empty()).then_some(filter))
}
