//! The messages of `google.protobuf` that JSON writes in a way of their own.

use prost_reflect::{DynamicMessage, FieldDescriptor, MessageDescriptor, Value};
use serde_json::Value as Json;

use super::scalar;
use crate::error::Rule;

/// How a message is written in JSON.
pub(super) enum Form {
    /// An object with its fields.
    Fields,
    /// As the value of its only field.
    Wrapper(FieldDescriptor),
    /// A string: RFC 3339, seconds, or field names.
    Text,
    /// Any JSON that the type allows.
    Free,
}

/// The form of a message.
pub(super) fn form(message: &MessageDescriptor) -> Form {
    let Some(name) = message.full_name().strip_prefix("google.protobuf.") else {
        return Form::Fields;
    };
    match name {
        "Timestamp" | "Duration" | "FieldMask" => Form::Text,
        "Struct" | "Value" | "ListValue" | "Any" => Form::Free,
        _ if name.ends_with("Value") => message.get_field_by_name("value").map_or(Form::Fields, Form::Wrapper),
        _ => Form::Fields,
    }
}

/// Whether `null` is a value of the message instead of its absence.
pub(super) fn takes_null(message: &MessageDescriptor) -> bool {
    message.full_name() == "google.protobuf.Value"
}

/// A message of form `Text` or `Free`.
pub(super) fn from_json(message: &MessageDescriptor, json: Json) -> Result<Value, Rule> {
    if matches!(form(message), Form::Text) {
        let text = json.as_str().ok_or(Rule::WrongType)?;
        if message.name() == "Timestamp" && !is_exact(text) {
            return Err(Rule::Malformed);
        }
    }
    let read = DynamicMessage::deserialize(message.clone(), json);
    read.map(Value::Message).map_err(|_| Rule::Malformed)
}

/// A time that is read as it is written. What it is read with takes more: a leap second
/// at any time, and digits after the nanoseconds, which it drops.
fn is_exact(text: &str) -> bool {
    let Some((seconds, rest)) = text.as_bytes().get(17..).and_then(<[u8]>::split_first_chunk::<2>) else {
        return false;
    };
    let fraction = rest.strip_prefix(b".").unwrap_or_default();
    seconds != b"60" && fraction.iter().take_while(|byte| byte.is_ascii_digit()).count() <= 9
}

/// A message that a path segment or a query parameter can hold.
pub(super) fn from_text(message: &MessageDescriptor, text: String) -> Result<Value, Rule> {
    match form(message) {
        Form::Text => from_json(message, Json::String(text)),
        Form::Wrapper(field) => scalar::from_text(&field.kind(), text).map(|value| wrap(message, &field, value)),
        Form::Fields | Form::Free => Err(Rule::WrongType),
    }
}

/// A wrapper around a value.
pub(super) fn wrap(message: &MessageDescriptor, field: &FieldDescriptor, value: Value) -> Value {
    let mut wrapper = DynamicMessage::new(message.clone());
    wrapper.set_field(field, value);
    Value::Message(wrapper)
}
