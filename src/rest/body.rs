//! The HTTP body: its type and its size.

use std::time::Duration;

use axum::body::{Body, Bytes};
use http::{HeaderMap, header};
use http_body_util::{BodyExt, Limited};

use super::json::{self, Node};
use crate::error::{Error, Rule};

/// How many bytes a body may have.
pub const MAX_BODY: usize = 64 * 1024;
/// How many bytes of a longer one are read and dropped, and for how long.
const MAX_DRAINED: usize = 2 * 1024 * 1024;
const DRAIN_TIME: Duration = Duration::from_secs(2);

/// Reads a JSON body; `None` where there is none.
///
/// # Errors
///
/// `UnsupportedMediaType`, `RequestTooLarge`, or `Validation` where it is not JSON.
pub(super) async fn read_json(headers: &HeaderMap, body: Body) -> Result<Option<Node>, Error> {
    let typed = headers.contains_key(header::CONTENT_TYPE);
    if (typed && !is_json(headers)) || headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Error::UnsupportedMediaType);
    }
    if announced(headers).is_some_and(|length| length > MAX_BODY) {
        drain(body).await;
        return Err(Error::RequestTooLarge);
    }
    let bytes = read(body).await?;
    match (typed, bytes.is_empty()) {
        // Many clients name the type of every request, also where they send nothing.
        (_, true) => Ok(None),
        (false, false) => Err(Error::UnsupportedMediaType),
        (true, _) => json::parse(&bytes).map(Some).ok_or_else(|| Error::invalid("body", Rule::InvalidJson)),
    }
}

/// Makes sure that there is no body.
///
/// # Errors
///
/// `Validation` where there is one.
pub(super) async fn refuse(body: Body) -> Result<(), Error> {
    match Limited::new(body, 0).collect().await {
        Ok(_) => Ok(()),
        Err(_) => Err(Error::invalid("body", Rule::UnknownField)),
    }
}

/// Copies: what is collected keeps a buffer for each frame, and a frame may be a byte.
async fn read(mut body: Body) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        // The caller broke off, and will hardly read this.
        let frame = frame.map_err(|_| Error::invalid("body", Rule::InvalidJson))?;
        let data = frame.into_data().unwrap_or_default();
        if bytes.len() + data.len() > MAX_BODY {
            drain(body).await;
            return Err(Error::RequestTooLarge);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// Reads on for a while, for a caller over HTTP/1.1 that is still sending does
/// not see the answer: the connection is reset under it.
async fn drain(mut body: Body) {
    let rest = async {
        let mut dropped = 0;
        while let Some(Ok(frame)) = body.frame().await {
            dropped += frame.data_ref().map_or(0, Bytes::len);
            if dropped > MAX_DRAINED {
                break;
            }
        }
    };
    // However it ends, the answer is the same.
    let _ = tokio::time::timeout(DRAIN_TIME, rest).await;
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return false;
    };
    let mut parts = value.to_str().unwrap_or_default().split(';').map(str::trim);
    parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("application/json")) && parts.all(is_utf8)
}

fn is_utf8(parameter: &str) -> bool {
    ["charset=utf-8", "charset=\"utf-8\""].iter().any(|utf8| parameter.eq_ignore_ascii_case(utf8))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header};

    use super::is_json;

    fn typed(values: &[&'static str]) -> HeaderMap {
        let values = values.iter().map(|value| (header::CONTENT_TYPE, HeaderValue::from_static(value)));
        let mut headers = HeaderMap::new();
        values.for_each(|(name, value)| {
            headers.append(name, value);
        });
        headers
    }

    #[test]
    fn only_json_in_utf8_is_json() {
        for value in ["application/json", "Application/JSON ; Charset=UTF-8", "application/json;charset=\"utf-8\""] {
            assert!(is_json(&typed(&[value])), "{value}");
        }
        for value in
            ["", "text/plain", "application/json; charset=latin1", "application/jsonp", "application/json; q=1"]
        {
            assert!(!is_json(&typed(&[value])), "{value}");
        }
        assert!(!is_json(&typed(&["application/json", "application/json"])));
    }
}
