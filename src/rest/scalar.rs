//! Values of single fields, out of JSON and out of text.
//!
//! Stricter than proto3 JSON: a number is a string only where JavaScript would
//! lose digits (64 bits), and an integer has no fraction or exponent.

use std::str::FromStr;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use prost_reflect::{EnumDescriptor, Kind, Value};
use serde_json::Number;

use super::{json::Node, well_known};
use crate::error::Rule;

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
static URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Base64 with or without padding.
pub(super) static BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

/// The value of a JSON node, for any kind but messages.
pub(super) fn from_json(kind: &Kind, node: Node) -> Result<Value, Rule> {
    match node {
        Node::Bool(value) if *kind == Kind::Bool => Ok(Value::Bool(value)),
        Node::Text(text) => from_json_text(kind, text),
        Node::Number(number) => from_number(kind, &number).ok_or(Rule::WrongType),
        _ => Err(Rule::WrongType),
    }
}

fn from_json_text(kind: &Kind, text: String) -> Result<Value, Rule> {
    let may_be_text = match kind {
        Kind::String => return Ok(Value::String(text)),
        Kind::Double | Kind::Float => matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity"),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 | Kind::Uint64 | Kind::Fixed64 => true,
        Kind::Bytes => true,
        Kind::Enum(values) => return named(values, &text).ok_or(Rule::Unsupported),
        _ => false,
    };
    if may_be_text { from_text(kind, text) } else { Err(Rule::WrongType) }
}

fn from_number(kind: &Kind, number: &Number) -> Option<Value> {
    match kind {
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => i32::try_from(number.as_i64()?).ok().map(Value::I32),
        Kind::Uint32 | Kind::Fixed32 => u32::try_from(number.as_u64()?).ok().map(Value::U32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => number.as_i64().map(Value::I64),
        Kind::Uint64 | Kind::Fixed64 => number.as_u64().map(Value::U64),
        Kind::Double => number.as_f64().map(Value::F64),
        Kind::Float => number.as_f64().and_then(single),
        Kind::Enum(values) => numbered(values, number.as_i64()?.try_into().ok()?),
        _ => None,
    }
}

/// The value of a path segment or query parameter, and of the strings of JSON
/// that are written alike.
pub(super) fn from_text(kind: &Kind, text: String) -> Result<Value, Rule> {
    match kind {
        Kind::String => Ok(Value::String(text)),
        Kind::Bool => parsed(&text, Value::Bool),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => parsed(&text, Value::I32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => parsed(&text, Value::I64),
        Kind::Uint32 | Kind::Fixed32 => parsed(&text, Value::U32),
        Kind::Uint64 | Kind::Fixed64 => parsed(&text, Value::U64),
        Kind::Double => parsed(&text, Value::F64),
        Kind::Float => parsed(&text, Value::F32),
        Kind::Bytes => bytes(&text),
        Kind::Enum(values) => {
            let by_number = || numbered(values, text.parse().ok()?);
            named(values, &text).or_else(by_number).ok_or(Rule::Unsupported)
        }
        Kind::Message(message) => well_known::from_text(message, text),
    }
}

fn parsed<T: FromStr>(text: &str, value: fn(T) -> Value) -> Result<Value, Rule> {
    text.parse().map(value).map_err(|_| Rule::WrongType)
}

fn single(value: f64) -> Option<Value> {
    #[expect(clippy::cast_possible_truncation, reason = "rounding is what a float field asks for")]
    let rounded = value as f32;
    rounded.is_finite().then_some(Value::F32(rounded))
}

fn named(values: &EnumDescriptor, name: &str) -> Option<Value> {
    values.get_value_by_name(name).map(|value| Value::EnumNumber(value.number()))
}

fn numbered(values: &EnumDescriptor, number: i32) -> Option<Value> {
    values.get_value(number).map(|value| Value::EnumNumber(value.number()))
}

/// Base64 of either alphabet, padded or not.
fn bytes(text: &str) -> Result<Value, Rule> {
    let engine = if text.contains(['-', '_']) { &URL_SAFE } else { &BASE64 };
    let decoded = engine.decode(text);
    decoded.map(|bytes| Value::Bytes(bytes.into())).map_err(|_| Rule::Malformed)
}

#[cfg(test)]
mod tests {
    use prost_reflect::{Kind, Value};

    use super::{from_json, from_text};
    use crate::{error::Rule, rest::json};

    fn read(kind: &Kind, text: &str) -> Result<Value, Rule> {
        from_json(kind, json::parse(text.as_bytes()).expect("JSON"))
    }

    #[test]
    fn json_values_have_the_type_of_the_field() {
        for (kind, text, wanted) in [
            (Kind::Bool, "true", Value::Bool(true)),
            (Kind::Int32, "-5", Value::I32(-5)),
            (Kind::Uint32, "4294967295", Value::U32(u32::MAX)),
            (Kind::Int64, "\"-9223372036854775808\"", Value::I64(i64::MIN)),
            (Kind::Int64, "7", Value::I64(7)),
            (Kind::Uint64, "\"18446744073709551615\"", Value::U64(u64::MAX)),
            (Kind::Double, "1", Value::F64(1.0)),
            (Kind::Float, "1.5", Value::F32(1.5)),
            (Kind::Double, "\"-Infinity\"", Value::F64(f64::NEG_INFINITY)),
            (Kind::String, "\"1\"", Value::String("1".into())),
            (Kind::Bytes, "\"-_8\"", Value::Bytes(vec![0xfb, 0xff].into())),
            (Kind::Bytes, "\"+/8=\"", Value::Bytes(vec![0xfb, 0xff].into())),
        ] {
            assert_eq!(read(&kind, text), Ok(wanted), "{kind:?} {text}");
        }
    }

    #[test]
    fn other_types_are_refused() {
        for (kind, text) in [
            (Kind::Bool, "\"true\""),
            (Kind::Bool, "1"),
            (Kind::String, "1"),
            (Kind::String, "true"),
            (Kind::String, "[]"),
            (Kind::Int32, "\"1\""),
            (Kind::Int32, "1.0"),
            (Kind::Int32, "2147483648"),
            (Kind::Uint32, "-1"),
            (Kind::Int64, "\"1.5\""),
            (Kind::Uint64, "\"\""),
            (Kind::Double, "\"1.5\""),
            (Kind::Float, "1e300"),
            (Kind::Bytes, "7"),
            (Kind::Int32, "null"),
        ] {
            assert_eq!(read(&kind, text), Err(Rule::WrongType), "{kind:?} {text}");
        }
        assert_eq!(read(&Kind::Bytes, "\"!\""), Err(Rule::Malformed));
    }

    #[test]
    fn text_is_read_by_the_kind() {
        for (kind, text, wanted) in [
            (Kind::Bool, "false", Ok(Value::Bool(false))),
            (Kind::Bool, "1", Err(Rule::WrongType)),
            (Kind::Int32, "12", Ok(Value::I32(12))),
            (Kind::Int32, "", Err(Rule::WrongType)),
            (Kind::String, "", Ok(Value::String(String::new()))),
            (Kind::Double, "0.5", Ok(Value::F64(0.5))),
        ] {
            assert_eq!(from_text(&kind, text.to_owned()), wanted, "{kind:?} {text}");
        }
    }
}
