//! The answers of an operation.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::error::Reason;

/// Of every call, whatever its comment says.
const OF_ALL: [&str; 7] = [
    "VALIDATION_ERROR",
    "REQUEST_TOO_LARGE",
    "RATE_LIMIT_EXCEEDED",
    "OVERLOADED",
    "STORE_UNAVAILABLE",
    "DEADLINE_EXCEEDED",
    "INTERNAL",
];
/// Of every call with a token.
const OF_CALLERS: [&str; 5] =
    ["UNAUTHORIZED", "ACCESS_TOKEN_INVALID", "ACCESS_TOKEN_EXPIRED", "SESSION_REVOKED", "PERMISSION_DENIED"];

/// What an operation can answer, by status.
pub(super) fn of(success: u16, message: &Json, told: &[Reason], takes_body: bool, is_public: bool) -> Json {
    let mut answers = Map::new();
    let content = json!({"application/json": {"schema": message}});
    answers.insert(
        success.to_string(),
        json!({"description": "Done.", "headers": {"x-request-id": header("RequestId")}, "content": content}),
    );
    let mut words: Vec<&str> = told.iter().map(|reason| reason.as_str()).chain(OF_ALL).collect();
    words.extend(takes_body.then_some("UNSUPPORTED_MEDIA_TYPE"));
    words.extend(if is_public { &[][..] } else { &OF_CALLERS[..] });
    let mut by_status: BTreeMap<u16, Vec<Reason>> = BTreeMap::new();
    for reason in Reason::all().filter(|reason| words.contains(&reason.as_str())) {
        by_status.entry(reason.http()).or_default().push(reason);
    }
    answers.extend(by_status.into_iter().map(|(status, reasons)| {
        let answer = if SHARED.contains(&status) { shared(status) } else { refusal(status, &reasons) };
        (status.to_string(), answer)
    }));
    Json::from(answers)
}

/// Statuses that mean the same wherever they are answered.
const SHARED: [u16; 6] = [413, 415, 429, 500, 503, 504];

fn shared(status: u16) -> Json {
    json!({"$ref": format!("#/components/responses/Status{status}")})
}

/// What is the same wherever it is answered.
pub(super) fn responses() -> Json {
    let of = |status| Reason::all().filter(|reason| reason.http() == status).collect::<Vec<_>>();
    Json::from_iter(SHARED.map(|status| (format!("Status{status}"), refusal(status, &of(status)))))
}

fn refusal(status: u16, reasons: &[Reason]) -> Json {
    let told: Vec<String> =
        reasons.iter().map(|reason| format!("- `{}`: {}", word(*reason), reason.meaning())).collect();
    let mut headers = json!({"x-request-id": header("RequestId")});
    match status {
        401 => headers["www-authenticate"] = header("Challenge"),
        429 | 503 => headers["retry-after"] = header("RetryAfter"),
        _ => {}
    }
    json!({
        "description": told.join("\n"),
        "headers": headers,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
    })
}

/// The reason as REST words it.
fn word(reason: Reason) -> String {
    reason.as_str().to_ascii_lowercase()
}

fn header(name: &str) -> Json {
    json!({"$ref": format!("#/components/headers/{name}")})
}

/// The headers that answers have.
pub(super) fn headers() -> Json {
    json!({
        "RequestId": {
            "description": "Names the call in the log; that of the request, where it had a usable one.",
            "schema": {"type": "string"},
        },
        "RetryAfter": {"description": "Seconds (RFC 9110, section 10.2.3).", "schema": {"type": "integer"}},
        "Challenge": {"description": "RFC 6750, section 3; RFC 9470.", "schema": {"type": "string"}},
    })
}

/// The body of every refusal.
pub(super) fn schema() -> Json {
    let words: Vec<String> = Reason::all().map(word).collect();
    json!({
        "type": "object",
        "required": ["error", "message", "details", "request_id"],
        "properties": {
            "error": {"type": "string", "enum": words, "description": "Stable."},
            "message": {"type": "string", "description": "For people, in the language of `accept-language`; may change."},
            "details": {"type": "object", "description": "What belongs to the reason, such as `fields` and `retry_after`."},
            "request_id": {"type": "string"},
        },
    })
}
