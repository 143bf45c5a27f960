//! AuditService.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use tonic::{Request, Response, Status};

use super::{Api, Input, fields::Fields};
use crate::{
    audit::search::{Filter, Page},
    domain::{EventKind, Timestamp, UserId},
    error::{Error, Rule},
    flows::{audit_events, caller::AnyCaller},
    proto::sekisho::v1::{self as pb, audit_service_server::AuditService},
    storage::audit::AuditRow,
};

const DEFAULT_SIZE: usize = 50;
const MAX_SIZE: u32 = 100;
/// Of a page token, in characters.
const MAX_TOKEN: usize = 64;

#[tonic::async_trait]
impl AuditService for Api {
    async fn list_events(
        &self,
        request: Request<pb::ListEventsRequest>,
    ) -> Result<Response<pb::ListEventsResponse>, Status> {
        self.run_as(request, list_events).await
    }
}

async fn list_events(
    input: Input<pb::ListEventsRequest>,
    caller: AnyCaller,
) -> Result<Response<pb::ListEventsResponse>, Error> {
    let message = &input.message;
    let mut fields = Fields::default();
    let size = fields.read("page_size", page_size(message.page_size));
    let before = fields.read("page_token", page_token(&message.page_token));
    let user_id = fields.read_optional("user_id", message.user_id.as_deref(), user_id);
    let kind = fields.read_optional("kind", message.kind.as_deref(), kind);
    let from = message.from.as_ref().and_then(|from| fields.read("from", time(from)));
    let to = message.to.as_ref().and_then(|to| fields.read("to", time(to)));
    let (size, before) = fields.finish(size.zip(before))?;
    let user_id = user_id.map(|id| id.0);
    let filter = Filter { user_id, mailbox: None, kinds: kind.into_iter().collect(), from, to };
    let page = audit_events::list(&input.ctx, &input.call, &caller, filter, before, size).await?;
    Ok(Response::new(response(page)))
}

fn page_size(size: u32) -> Result<usize, Rule> {
    match size {
        0 => Ok(DEFAULT_SIZE),
        1..=MAX_SIZE => Ok(size as usize),
        _ => Err(Rule::Unsupported),
    }
}

fn page_token(text: &str) -> Result<Option<i64>, Rule> {
    if text.is_empty() {
        return Ok(None);
    }
    if text.chars().count() > MAX_TOKEN {
        return Err(Rule::TooLong(MAX_TOKEN));
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Rule::Malformed)?;
    let bytes = bytes.try_into().map_err(|_| Rule::Malformed)?;
    Ok(Some(i64::from_be_bytes(bytes)))
}

fn user_id(text: &str) -> Result<UserId, Rule> {
    UserId::parse(text).ok_or(Rule::Malformed)
}

fn kind(word: &str) -> Result<EventKind, Rule> {
    EventKind::parse(word).ok_or(Rule::Unsupported)
}

fn time(time: &prost_types::Timestamp) -> Result<Timestamp, Rule> {
    Timestamp::from_proto(time).ok_or(Rule::Malformed)
}

fn response(page: Page) -> pb::ListEventsResponse {
    let next = page.before.map(|before| URL_SAFE_NO_PAD.encode(before.to_be_bytes()));
    pb::ListEventsResponse {
        events: page.rows.into_iter().map(event).collect(),
        next_page_token: next.unwrap_or_default(),
    }
}

fn event(row: AuditRow) -> pb::AuditEvent {
    pb::AuditEvent {
        id: row.seq.to_string(),
        at: Some(row.at.to_proto()),
        kind: row.kind,
        user_id: row.user_id.map(|id| id.to_string()),
        session_id: row.session_id.map(|id| id.to_string()),
        client_id: row.client_id,
        ip_address: row.address.unwrap_or_default(),
        request_id: row.request_id,
    }
}
