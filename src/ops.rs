//! The operations listener: probes, metrics and, in development, the mailbox.

mod readiness;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
pub use readiness::Readiness;
use serde::Deserialize;
use serde_json::{Map, json};

use crate::{ctx::Ctx, mail::mailbox::DevMailbox, storage};

/// Where SMTP is set as well and does not answer, the mailbox waits three seconds.
const MAILBOX_LOOKS: u32 = 600;
const MAILBOX_PAUSE: Duration = Duration::from_millis(5);

/// What the probes look at.
#[derive(Clone)]
pub struct Ops {
    /// Whether the service takes calls.
    pub accepting: Arc<AtomicBool>,
    /// Whether the stores answer.
    pub readiness: Arc<Readiness>,
    /// The service: its metrics are rendered, and what it mails is counted.
    pub ctx: Arc<Ctx>,
    /// Only in development.
    pub mailbox: Option<Arc<DevMailbox>>,
}

/// The routes of the operations listener.
pub fn router(ops: Ops) -> Router {
    let router = Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics));
    let router = if ops.mailbox.is_some() { router.route("/dev/mailbox", get(mailbox)) } else { router };
    router.with_state(ops)
}

/// 503 names what is not ready. Nothing here restarts a pod: that is liveness.
async fn readyz(State(ops): State<Ops>) -> Response {
    if !ops.accepting.load(Ordering::SeqCst) {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"ready": false, "draining": true}))).into_response();
    }
    let unavailable = ops.readiness.unavailable().await;
    if unavailable.is_empty() {
        return Json(json!({"ready": true})).into_response();
    }
    let stores: Map<_, _> = unavailable.into_iter().map(|store| (store.to_owned(), json!("unavailable"))).collect();
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({"ready": false, "stores": stores}))).into_response()
}

async fn metrics(State(ops): State<Ops>) -> Response {
    let metrics = &ops.ctx.metrics;
    metrics.mails(&ops.ctx.mail);
    metrics.signing_keys(&ops.ctx.keyring.standing());
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, content_type)], metrics.render()).into_response()
}

/// A web page could make its own name resolve to this machine and read codes.
fn is_local_name(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost" || name.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok()
}

#[derive(Deserialize)]
struct To {
    to: String,
}

/// Mails leave after the answer to the call that asked for them: whoever asks
/// here is answered when they have.
async fn mailbox(State(ops): State<Ops>, headers: HeaderMap, Query(query): Query<To>) -> Response {
    let Some(mailbox) = ops.mailbox else { return StatusCode::NOT_FOUND.into_response() };
    if !is_local_name(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    for _ in 0..MAILBOX_LOOKS {
        match has_mailed_all(&ops.ctx).await {
            Ok(true) => break,
            Ok(false) => tokio::time::sleep(MAILBOX_PAUSE).await,
            Err(error) => {
                tracing::warn!(%error, "the outbox was not looked at");
                return StatusCode::SERVICE_UNAVAILABLE.into_response();
            }
        }
    }
    Json(mailbox.newest_first(&query.to)).into_response()
}

/// Whether no mail waits that could leave now.
async fn has_mailed_all(ctx: &Ctx) -> storage::Result<bool> {
    Ok(ctx.mail.is_empty() && ctx.stores.outbox.backlog(ctx.now()).await?.due == 0)
}
