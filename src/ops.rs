//! The operations listener: probes, metrics and, in development, the mailbox.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    mail::{mailbox::DevMailbox, queue::MailStats},
    storage::sql::SqlStore,
    telemetry::Metrics,
};

/// What the probes look at.
#[derive(Clone)]
pub struct Ops {
    /// Whether the service takes calls.
    pub accepting: Arc<AtomicBool>,
    /// Asked for a sign of life.
    pub store: Arc<SqlStore>,
    /// Rendered.
    pub metrics: Arc<Metrics>,
    /// Counted in the metrics.
    pub mail: Arc<MailStats>,
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
    match ops.store.ping().await {
        Ok(()) => Json(json!({"ready": true})).into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            let body = json!({"ready": false, "stores": {"sql": "unavailable"}});
            (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
        }
    }
}

async fn metrics(State(ops): State<Ops>) -> Response {
    ops.metrics.mails("sent", ops.mail.sent());
    ops.metrics.mails("retried", ops.mail.retried());
    ops.metrics.mails("failed", ops.mail.failed());
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, content_type)], ops.metrics.render()).into_response()
}

#[derive(Deserialize)]
struct To {
    to: String,
}

async fn mailbox(State(ops): State<Ops>, Query(query): Query<To>) -> Response {
    ops.mailbox.map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        |mails| Json(mails.newest_first(&query.to)).into_response(),
    )
}
