//! What a proxy is told, and what it tells the caller and the sibling.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Response, StatusCode, header};
use sekisho_interceptor::Claims;
use tonic::{Code, Status};
use tonic_types::pb::Status as RpcStatus;

use super::identity;
use crate::{
    error::reason::http_of,
    proto::ext_authz::envoy::{
        config::core::v3::{HeaderValue, HeaderValueOption, header_value_option::HeaderAppendAction},
        service::auth::v3::{CheckResponse, DeniedHttpResponse, OkHttpResponse, check_response::HttpResponse},
        r#type::v3::HttpStatus,
    },
};

/// By which a caller has some frameworks take the request for another one than was looked at.
const OVERRIDES: [&str; 5] =
    ["x-http-method", "x-http-method-override", "x-method-override", "x-original-url", "x-rewrite-url"];

/// A request that was let in, as the layer has left it.
#[derive(Clone)]
pub(super) struct Admitted {
    /// `None`: anybody may call.
    pub(super) claims: Option<Arc<Claims>>,
    /// Without those that would name the caller.
    pub(super) headers: HeaderMap,
}

/// Lets the request go on. What names the caller is set or removed, whatever the
/// request brought.
pub(super) fn allowed(admitted: &Admitted, sent: &[HeaderName], forwards_token: bool) -> CheckResponse {
    let set = admitted.claims.as_deref().map(identity::headers).unwrap_or_default();
    let is_set = |name: &str| set.iter().any(|(set, _)| *set == name);
    let stripped = sent.iter().filter(|name| !admitted.headers.contains_key(*name)).map(HeaderName::as_str);
    // Frameworks that read headers as variables know no dashes.
    let spelled = sent.iter().map(HeaderName::as_str).filter(|name| OVERRIDES.contains(&&*name.replace('_', "-")));
    // A proxy may be set to show us only some of the headers: ours go in any case.
    let always = identity::NAMES.into_iter().chain(OVERRIDES);
    let mut remove: Vec<&str> = always.chain(stripped).chain(spelled).filter(|name| !is_set(name)).collect();
    if !forwards_token {
        remove.push(header::AUTHORIZATION.as_str());
    }
    remove.sort_unstable();
    remove.dedup();
    let ok = OkHttpResponse {
        headers: set.into_iter().map(|(name, value)| option(name, value.into_bytes())).collect(),
        headers_to_remove: remove.into_iter().map(str::to_owned).collect(),
        ..OkHttpResponse::default()
    };
    CheckResponse {
        status: Some(RpcStatus { code: Code::Ok.into(), ..RpcStatus::default() }),
        http_response: Some(HttpResponse::OkResponse(ok)),
        ..CheckResponse::default()
    }
}

/// Answers the caller as the interceptor would have.
pub(super) fn denied(response: &Response<()>, body: Bytes) -> CheckResponse {
    let headers = response.headers();
    // Trailers-only: the HTTP status says nothing, and the proxy writes one of its own.
    let grpc = Status::from_header_map(headers).map(|status| status.code());
    let status = grpc.map_or(response.status().as_u16(), http_of);
    let is_told = |name: &HeaderName| grpc.is_none() || *name != header::CONTENT_TYPE;
    let headers = headers.iter().filter(|(name, _)| *name != header::CONTENT_LENGTH && is_told(name));
    let denied = DeniedHttpResponse {
        status: Some(HttpStatus { code: status.into() }),
        headers: headers.map(|(name, value)| option(name.as_str(), value.as_bytes().to_vec())).collect(),
        body: String::from_utf8(body.into()).unwrap_or_default(),
    };
    CheckResponse {
        status: Some(RpcStatus {
            code: grpc.unwrap_or_else(|| code_of(response.status())).into(),
            ..RpcStatus::default()
        }),
        // Not `error_response`, which a proxy may be set to let pass.
        http_response: Some(HttpResponse::DeniedResponse(denied)),
        ..CheckResponse::default()
    }
}

fn option(name: &str, value: Vec<u8>) -> HeaderValueOption {
    // Those of ours are text; the field for bytes is not read by every proxy.
    let value = String::from_utf8(value).unwrap_or_default();
    HeaderValueOption {
        header: Some(HeaderValue { key: name.to_owned(), value, ..HeaderValue::default() }),
        append_action: HeaderAppendAction::OverwriteIfExistsOrAdd.into(),
        ..HeaderValueOption::default()
    }
}

fn code_of(status: StatusCode) -> Code {
    match status {
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
        StatusCode::BAD_REQUEST => Code::InvalidArgument,
        _ => Code::PermissionDenied,
    }
}
