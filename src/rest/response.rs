//! A gRPC response as an HTTP one.

use axum::body::{Body, Bytes};
use base64::Engine;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::BodyExt;
use prost_reflect::{DynamicMessage, SerializeOptions};
use serde_json::Value as Json;
use tonic::{Code, Status, metadata::MetadataMap};

use super::{binding::Binding, cookie::Jar, frame, scalar::BASE64};
use crate::error::{self, Error};

/// Metadata that says which HTTP status a success has.
const HTTP_CODE: HeaderName = HeaderName::from_static("x-http-code");

/// Headers about the gRPC answer itself.
const DROPPED: [HeaderName; 8] = [
    header::CONNECTION,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    HTTP_CODE,
];

/// The HTTP response that says the same.
///
/// # Errors
///
/// `Internal` for what is not the response of a unary call.
pub(super) async fn translate<B>(
    binding: &Binding,
    response: Response<B>,
    jar: Option<&Jar>,
) -> Result<Response<Body>, Error>
where
    B: http_body::Body<Data = Bytes>,
{
    let (parts, body) = response.into_parts();
    let collected = body.collect().await.map_err(|_| Error::internal("gRPC response broke off"))?;
    let mut metadata = parts.headers;
    metadata.extend(collected.trailers().cloned().unwrap_or_default());
    let status = status(&metadata)?;
    if status.code() != Code::Ok {
        let cookie = jar.map_or(Ok(None), |jar| jar.refused(binding, &status))?;
        return Ok(with_cookie(refusal(&status), cookie));
    }
    let mut message = message(binding, collected.to_bytes())?;
    let cookie = jar.map_or(Ok(None), |jar| jar.keep(binding, &mut message))?;
    let json = json(binding, &message)?;
    Ok(with_cookie(success(&metadata, json), cookie))
}

fn with_cookie(mut response: Response<Body>, cookie: Option<HeaderValue>) -> Response<Body> {
    response.headers_mut().extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    response
}

/// The HTTP response of a refusal.
pub(super) fn refusal(status: &Status) -> Response<Body> {
    let mut response = error::rest::response(status).map(Body::from);
    not_stored(response.headers_mut());
    response
}

fn status(metadata: &HeaderMap) -> Result<Status, Error> {
    let unreadable = || Error::internal("gRPC response without a readable status");
    // tonic panics on details that it cannot decode.
    let details = metadata.get(Status::GRPC_STATUS_DETAILS);
    if details.is_some_and(|details| BASE64.decode(details).is_err()) {
        return Err(unreadable());
    }
    let mut status = Status::from_header_map(metadata).ok_or_else(unreadable)?;
    *status.metadata_mut() = MetadataMap::from_headers(kept(metadata));
    Ok(status)
}

fn message(binding: &Binding, body: Bytes) -> Result<DynamicMessage, Error> {
    let message = frame::decode(body).ok_or_else(|| Error::internal("gRPC response is not one message"))?;
    DynamicMessage::decode(binding.output.clone(), message).map_err(Error::internal)
}

fn json(binding: &Binding, message: &DynamicMessage) -> Result<Vec<u8>, Error> {
    let options = SerializeOptions::new().use_proto_field_name(true).skip_default_fields(false);
    let Some(field) = &binding.response_body else {
        let mut json = serde_json::Serializer::new(Vec::new());
        message.serialize_with_options(&mut json, &options).map_err(Error::internal)?;
        return Ok(json.into_inner());
    };
    let mut json = message.serialize_with_options(serde_json::value::Serializer, &options).map_err(Error::internal)?;
    let part = json.get_mut(field.name()).map_or(Json::Null, Json::take);
    serde_json::to_vec(&part).map_err(Error::internal)
}

fn success(metadata: &HeaderMap, json: Vec<u8>) -> Response<Body> {
    let status = http_code(metadata).unwrap_or(StatusCode::OK);
    let bodiless = matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT | StatusCode::NOT_MODIFIED);
    let mut response = Response::new(if bodiless { Body::empty() } else { Body::from(json) });
    *response.status_mut() = status;
    *response.headers_mut() = kept(metadata);
    if !bodiless {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    not_stored(response.headers_mut());
    response
}

/// 1xx is left out: HTTP has it only before the answer.
fn http_code(metadata: &HeaderMap) -> Option<StatusCode> {
    let code: u16 = metadata.get(HTTP_CODE)?.to_str().ok()?.parse().ok()?;
    (200..=599).contains(&code).then(|| StatusCode::from_u16(code).ok())?
}

fn kept(metadata: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in metadata {
        if !name.as_str().starts_with("grpc-") && !DROPPED.contains(name) {
            headers.append(name, value.clone());
        }
    }
    headers
}

fn not_stored(headers: &mut HeaderMap) {
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
