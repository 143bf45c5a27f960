//! Every field of text of every RPC, with everything that it may not hold.

use prost_reflect::{DynamicMessage, FieldDescriptor, Value, prost::Message};
use tonic::Code;

use super::{
    cases::{Given, Outcome, cases},
    schema::{self, Route, text},
    start,
    wire::{self, Frames},
};
use crate::support::{Answer, http::send};

/// R68.
#[tokio::test(flavor = "multi_thread")]
async fn over_rest() {
    let (app, access) = start().await;
    let frames = Frames::new(&app, &access).await;
    for route in schema::with_body() {
        for field in route.texts() {
            for (given, outcome) in cases(&field) {
                let request = frames.rest(route.verb, &route.path).header("content-type", "application/json");
                let answer = send(request.body(body(&route, &field, &given))).await;
                let case = format!("{} {field:?} {outcome:?} {}", route.path, given.shown());
                check_rest(&answer, &field, outcome, &case);
            }
        }
    }
}

#[track_caller]
fn check_rest(answer: &Answer, field: &FieldDescriptor, outcome: Outcome, case: &str) {
    let named = |field: &str, reason: &str| {
        assert_eq!((answer.status, answer.body["error"].as_str()), (400, Some("validation_error")), "{case}");
        assert_eq!(answer.fields(), [(field.to_owned(), reason.to_owned())], "{case}");
    };
    match outcome {
        Outcome::Named(reason) => named(field.name(), reason),
        Outcome::Unreadable => named("body", "INVALID_JSON"),
        Outcome::TooLarge => {
            assert_eq!((answer.status, answer.body["error"].as_str()), (413, Some("request_too_large")), "{case}");
        }
        Outcome::Taken => {
            assert!(answer.status < 500 && answer.body["error"] != "validation_error", "{case}: {answer:?}");
        }
    }
}

/// A message that is valid but for the field in question, as JSON.
fn body(route: &Route, field: &FieldDescriptor, given: &Given) -> Vec<u8> {
    let mut members: Vec<Vec<u8>> = route.texts().iter().filter(|other| *other != field).map(valid_member).collect();
    match given {
        Given::Nothing => {}
        Given::Json(json) => members.push(member(field, json.as_bytes())),
        Given::Text(text) => members.push(member(field, &quoted(text))),
    }
    [b"{", &members.join(&b","[..])[..], b"}"].concat()
}

fn valid_member(field: &FieldDescriptor) -> Vec<u8> {
    member(field, &quoted(text(field).valid.as_bytes()))
}

fn member(field: &FieldDescriptor, json: &[u8]) -> Vec<u8> {
    [b"\"", field.name().as_bytes(), b"\":", json].concat()
}

/// Bytes that are no text are left as they are.
fn quoted(text: &[u8]) -> Vec<u8> {
    match str::from_utf8(text) {
        Ok(text) => serde_json::to_vec(text).unwrap(),
        Err(_) => [b"\"", text, b"\""].concat(),
    }
}

/// R68.
#[tokio::test(flavor = "multi_thread")]
async fn over_grpc() {
    let (app, access) = start().await;
    let frames = Frames::new(&app, &access).await;
    for route in schema::rpcs() {
        for field in route.texts() {
            for (given, outcome) in cases(&field) {
                let Some(message) = message(&route, &field, &given) else { continue };
                let status = frames.message(&route.rpc, &message).await;
                check_grpc(&status, &field, outcome, &format!("{} {field:?} {}", route.rpc, given.shown()));
            }
        }
    }
}

#[track_caller]
fn check_grpc(status: &tonic::Status, field: &FieldDescriptor, outcome: Outcome, case: &str) {
    let named = |field: &str, reason: &str| {
        let wanted = (Code::InvalidArgument, "VALIDATION_ERROR".to_owned());
        assert_eq!(wire::refusal(status), wanted, "{case}");
        assert_eq!(wire::fields(status), [(field.to_owned(), reason.to_owned())], "{case}");
    };
    match outcome {
        Outcome::Named(reason) => named(field.name(), reason),
        Outcome::Unreadable => named("message", "INVALID_PROTOBUF"),
        Outcome::TooLarge => {
            assert_eq!(wire::refusal(status), (Code::OutOfRange, "REQUEST_TOO_LARGE".to_owned()), "{case}");
        }
        Outcome::Taken => {
            let (code, reason) = wire::refusal(status);
            let is_ours = matches!(code, Code::Unknown | Code::Internal | Code::Unavailable);
            assert!(!is_ours && reason != "VALIDATION_ERROR", "{case}: {status:?}");
        }
    }
}

/// The same message in protobuf, which has no `Given::Json`.
fn message(route: &Route, field: &FieldDescriptor, given: &Given) -> Option<Vec<u8>> {
    let mut message = DynamicMessage::new(route.input.clone());
    for other in route.texts().iter().filter(|other| *other != field) {
        message.set_field(other, Value::String(text(other).valid.to_owned()));
    }
    let mut bytes = message.encode_to_vec();
    match given {
        Given::Nothing => {}
        Given::Json(_) => return None,
        Given::Text(text) => {
            prost::encoding::encode_key(field.number(), prost::encoding::WireType::LengthDelimited, &mut bytes);
            prost::encoding::encode_varint(text.len() as u64, &mut bytes);
            bytes.extend_from_slice(text);
        }
    }
    Some(bytes)
}

/// R68.
#[tokio::test(flavor = "multi_thread")]
async fn in_a_path() {
    let (app, access) = start().await;
    for (value, reason) in [
        ("x", "MALFORMED"),
        ("00000000-0000-4000-8000-0000000000000", "MALFORMED"),
        ("%00", "MALFORMED"),
        ("00000000-0000-4000-8000-00000000000%00", "MALFORMED"),
        ("%ff", "MALFORMED"),
        ("%", "MALFORMED"),
        ("..%2F..", "MALFORMED"),
        ("{00000000-0000-4000-8000-000000000000}", "MALFORMED"),
        ("00000000000040008000000000000000", "MALFORMED"),
    ] {
        let answer = app.call("DELETE", &format!("/api/v1/auth/sessions/{value}"), &access, None).await;
        answer.refused(400, "validation_error");
        assert_eq!(answer.fields(), [("session_id".to_owned(), reason.to_owned())], "{value}");
    }
    let long = format!("/api/v1/auth/sessions/{}", "0".repeat(60_000));
    app.call("DELETE", &long, &access, None).await.refused(400, "validation_error");
}
