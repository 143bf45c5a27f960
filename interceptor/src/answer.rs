//! A refusal as the caller's protocol has it.

use http::{HeaderMap, HeaderValue, Response, StatusCode, header, request::Parts};
use serde::Serialize;
use serde_json::{Map, Value};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::body::AuthBody;

/// Trailers-only for gRPC and gRPC-Web, by the content type; JSON for all else.
pub(crate) fn refuse<B>(status: Status, request: &Parts) -> Response<AuthBody<B>> {
    if is_grpc(&request.headers) {
        return status.into_http::<()>().map(|()| AuthBody::whole(Default::default()));
    }
    let details = status.get_error_details();
    let retry_after = details.retry_info().and_then(|info| info.retry_delay).map(|delay| delay.as_secs().max(1));
    let mut response = Response::new(AuthBody::whole(json(&status, retry_after, request).into()));
    *response.status_mut() = http_status(status.code());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    for (name, value) in status.metadata().clone().into_headers() {
        if let Some(name) = name {
            headers.insert(name, value);
        }
    }
    response
}

pub(crate) fn is_grpc(headers: &HeaderMap) -> bool {
    const GRPC: &[u8] = b"application/grpc";
    let given = headers.get(header::CONTENT_TYPE).map_or(&[][..], HeaderValue::as_bytes);
    given.split_at_checked(GRPC.len()).is_some_and(|(kind, rest)| {
        kind.eq_ignore_ascii_case(GRPC) && matches!(rest.first(), None | Some(b'+' | b';' | b'-' | b' '))
    })
}

/// In the order in which people read it.
#[derive(Serialize)]
struct Document {
    error: String,
    message: String,
    details: Map<String, Value>,
    request_id: String,
}

fn json(status: &Status, retry_after: Option<u64>, request: &Parts) -> Vec<u8> {
    let given = status.get_error_details();
    let info = given.error_info();
    let mut details = Map::new();
    details.extend(
        info.into_iter().flat_map(|info| &info.metadata).map(|(name, value)| (name.clone(), value.as_str().into())),
    );
    details.extend(retry_after.map(|seconds| ("retry_after".to_owned(), seconds.into())));
    let document = Document {
        error: info.map_or_else(|| code_word(status.code()).to_owned(), |info| info.reason.to_ascii_lowercase()),
        message: given.localized_message().map_or_else(|| status.message().to_owned(), |text| text.message.clone()),
        details,
        request_id: given.request_info().map_or_else(|| request_id(&request.headers), |info| info.request_id.clone()),
    };
    serde_json::to_vec(&document).unwrap_or_default()
}

/// The caller's own, if it is one that may be repeated.
fn request_id(headers: &HeaderMap) -> String {
    const MAX_BYTES: usize = 128;
    let given = headers.get("x-request-id").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if given.len() <= MAX_BYTES { given.to_owned() } else { String::new() }
}

fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Unimplemented | Code::NotFound => StatusCode::NOT_FOUND,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn code_word(code: Code) -> &'static str {
    match code {
        Code::Unauthenticated => "unauthorized",
        Code::PermissionDenied => "permission_denied",
        Code::Unimplemented | Code::NotFound => "not_found",
        Code::Unavailable => "overloaded",
        _ => "internal",
    }
}
