//! A gRPC status as a REST answer: the same details in JSON.

use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value, json};
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use super::{reason, status::whole_seconds};

/// The HTTP status, the headers and the JSON body of a refusal:
/// `{"error", "message", "details", "request_id"}`.
pub fn response(status: &Status) -> http::Response<String> {
    let details = status.get_error_details();
    let mut response = http::Response::new(serde_json::to_string(&body(status, &details)).unwrap_or_default());
    *response.status_mut() = StatusCode::from_u16(http_status(status)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in status.metadata().clone().into_headers() {
        if let Some(name) = name {
            headers.insert(name, value);
        }
    }
    response
}

fn http_status(status: &Status) -> u16 {
    super::status::reason_of(status).map_or_else(|| reason::http_of(status.code()), |reason| reason.http())
}

/// In the order in which people read it.
#[derive(Serialize)]
struct Body {
    error: String,
    message: String,
    details: Map<String, Value>,
    request_id: String,
}

fn body(status: &Status, details: &ErrorDetails) -> Body {
    let word = details.error_info().map(|info| info.reason.to_ascii_lowercase());
    let message = details.localized_message().map(|text| text.message.clone());
    Body {
        error: word.unwrap_or_else(|| code_word(status.code()).to_owned()),
        message: message.unwrap_or_else(|| status.message().to_owned()),
        details: details_object(details),
        request_id: details.request_info().map(|info| info.request_id.clone()).unwrap_or_default(),
    }
}

fn details_object(details: &ErrorDetails) -> Map<String, Value> {
    let mut object = Map::new();
    if let Some(info) = details.error_info() {
        object.extend(info.metadata.iter().map(|(key, value)| (key.clone(), json!(value))));
    }
    if let Some(delay) = details.retry_info().and_then(|info| info.retry_delay) {
        object.insert("retry_after".into(), json!(whole_seconds(delay)));
    }
    if let Some(request) = details.bad_request() {
        let fields = request.field_violations.iter().map(|violation| {
            let message = violation.localized_message.as_ref();
            json!({
                "field": violation.field,
                "reason": violation.reason,
                "message": message.map_or(&violation.description, |text| &text.message),
            })
        });
        object.insert("fields".into(), fields.collect());
    }
    object
}

/// The word for a status that is not of ours, as of a library's.
fn code_word(code: Code) -> &'static str {
    match code {
        Code::Unimplemented | Code::NotFound => "not_found",
        Code::Unavailable => "overloaded",
        _ => "internal",
    }
}
