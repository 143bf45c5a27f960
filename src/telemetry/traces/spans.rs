//! The spans, and all that may be in them: names of ours, numbers, and nothing of a caller.

use http::Method;
use opentelemetry::{
    Context, KeyValue,
    trace::{SpanContext, SpanRef, Status, TraceContextExt, TraceState},
};
use tonic::Code;
use tracing::{Span, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::{TARGET, is_on};
use crate::error::Reason;

/// What a caller says of the trace that its call belongs to.
pub(crate) enum Caller {
    /// Nothing that can be read.
    Silent,
    /// This, and it is believed: the call is part of that trace, sampled if that is.
    Believed(SpanContext),
    /// This, but it may be anybody: the call is a trace of its own that points to it.
    Unknown(SpanContext),
}

/// How a call came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Surface {
    Grpc,
    GrpcWeb,
    Rest,
}

impl Surface {
    fn word(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::GrpcWeb => "grpc-web",
            Self::Rest => "rest",
        }
    }
}

/// The span of a call, to be entered by whoever serves it: the functions below tell more of
/// the call that is served where they are called.
pub(crate) fn call(caller: Caller, surface: Surface, version: http::Version) -> Span {
    let span = info_span!(target: TARGET, parent: None, "call", otel.kind = "server");
    match caller {
        Caller::Silent => {}
        Caller::Believed(context) => _ = span.set_parent(Context::new().with_remote_span_context(context)),
        Caller::Unknown(context) => span.add_link(without_state(&context)),
    }
    with(&span.context(), |span| {
        span.set_attribute(KeyValue::new("sekisho.surface", surface.word()));
        if let Some(version) = version_word(version) {
            span.set_attribute(KeyValue::new("network.protocol.version", version));
        }
    });
    span
}

/// It could hold anything, and would be handed on.
fn without_state(context: &SpanContext) -> SpanContext {
    let (trace, span, flags) = (context.trace_id(), context.span_id(), context.trace_flags());
    SpanContext::new(trace, span, flags, true, TraceState::default())
}

fn version_word(version: http::Version) -> Option<&'static str> {
    match version {
        http::Version::HTTP_10 => Some("1.0"),
        http::Version::HTTP_11 => Some("1.1"),
        http::Version::HTTP_2 => Some("2"),
        _ => None,
    }
}

/// The call is one of this RPC, `package.Service/Method`, over REST by the route of this
/// template: what is ours, and never what a caller made up.
pub(crate) fn routed(rpc: &str, route: Option<&str>) {
    here(|span| {
        span.update_name(rpc.to_owned());
        if let Some(route) = route {
            span.set_attribute(KeyValue::new("http.route", route.to_owned()));
        }
        span.set_attribute(KeyValue::new("rpc.system", "grpc"));
        if let Some((service, method)) = rpc.split_once('/') {
            span.set_attribute(KeyValue::new("rpc.service", service.to_owned()));
            span.set_attribute(KeyValue::new("rpc.method", method.to_owned()));
        }
    });
}

/// The RPC was answered with this code.
pub(crate) fn answered(code: Code) {
    here(|span| {
        span.set_attribute(KeyValue::new("rpc.grpc.status_code", i64::from(i32::from(code))));
        if is_of_server(code) {
            fail(span);
        }
    });
}

/// Codes by which a server says that it has failed, and not its caller (semantic
/// conventions of gRPC).
fn is_of_server(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

/// The call was refused for this reason.
pub(crate) fn refused(reason: Reason) {
    here(|span| span.set_attribute(KeyValue::new("sekisho.reason", reason.as_str())));
}

/// The call is one of REST. Its name is the method until it is [`routed`].
pub(crate) fn asked(method: &Method) {
    here(|span| {
        let method = method_word(method);
        span.update_name(method);
        span.set_attribute(KeyValue::new("http.request.method", method));
    });
}

/// The call of REST was answered with this status.
pub(crate) fn responded(status: http::StatusCode) {
    here(|span| {
        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
        if status.is_server_error() {
            fail(span);
        }
    });
}

/// A caller could make up any number of others.
fn method_word(method: &Method) -> &'static str {
    const KNOWN: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    KNOWN.into_iter().find(|known| *known == method.as_str()).unwrap_or("_OTHER")
}

/// An operation of a store, by its name.
pub(crate) fn store(system: &'static str, operation: &'static str) -> Span {
    within(|| {
        info_span!(
            target: TARGET,
            "store",
            otel.name = operation,
            otel.kind = "client",
            db.system.name = system,
            db.operation.name = operation
        )
    })
}

/// Work that waits for a thread of the hasher.
pub(crate) fn waiting_for_hasher() -> Span {
    within(|| info_span!(target: TARGET, "hasher.wait"))
}

/// The same work, when one has taken it: `waiting` ends. For `call`, which it is part of.
pub(crate) fn hashing(waiting: Span, call: &Span) -> Span {
    if waiting.is_disabled() {
        return waiting;
    }
    drop(waiting);
    info_span!(target: TARGET, parent: call, "hasher.work")
}

/// A mail that a call has handed over. Part of its trace, but the call does not wait for it.
pub(crate) fn mail() -> Span {
    within(|| {
        let span = info_span!(target: TARGET, parent: None, "mail");
        // The context and not the span itself, which would be kept open until the mail has gone.
        _ = span.set_parent(Context::current());
        span
    })
}

/// One try to hand a mail to the server.
pub(crate) fn mail_delivery() -> Span {
    within(|| info_span!(target: TARGET, "mail.delivery", otel.kind = "client"))
}

/// A notice from the outbox: a trace of its own, for whoever wrote it may be long gone.
pub(crate) fn notice() -> Span {
    if is_on() { info_span!(target: TARGET, parent: None, "notice") } else { Span::none() }
}

/// How what a span is of has ended.
pub(crate) fn outcome(span: &Span, is_ok: bool) {
    if !is_ok && !span.is_disabled() {
        span.set_status(Status::error(""));
    }
}

/// A span within a call that is sampled, or none.
fn within(make: impl FnOnce() -> Span) -> Span {
    let is_sampled = || Context::map_current(|context| context.span().span_context().is_sampled());
    if is_on() && is_sampled() { make() } else { Span::none() }
}

/// Says something of the call that is served here, if it is sampled.
fn here(say: impl FnOnce(&SpanRef<'_>)) {
    if is_on() {
        Context::map_current(|context| with(context, say));
    }
}

fn with(context: &Context, say: impl FnOnce(&SpanRef<'_>)) {
    let span = context.span();
    if span.is_recording() {
        say(&span);
    }
}

fn fail(span: &SpanRef<'_>) {
    span.set_status(Status::error(""));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_method_makes_no_name() {
        assert_eq!(method_word(&Method::from_bytes(b"ada@example.com").unwrap_or(Method::GET)), "GET");
        assert_eq!(method_word(&Method::from_bytes(b"PROPFIND").unwrap()), "_OTHER");
        assert_eq!(method_word(&Method::DELETE), "DELETE");
    }

    #[test]
    fn without_a_collector_there_is_no_span() {
        assert!(!is_on());
        assert!(store("sqlite", "sessions.get").is_disabled());
        assert!(mail().is_disabled() && notice().is_disabled() && waiting_for_hasher().is_disabled());
        assert!(hashing(Span::none(), &Span::none()).is_disabled());
    }
}
