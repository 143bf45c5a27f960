//! JSON for input that an attacker may have written.
//!
//! RFC 8259 section 4 leaves repeated names to the reader; two readers that
//! disagree about them are a way past a check. Here they are an error.

use std::{borrow::Cow, cell::Cell, fmt};

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// How much structure [`parse`] accepts. The number of bytes is the caller's to bound.
///
/// ```
/// use sekisho_interceptor::strict_json::{JsonError, Limits, parse};
///
/// let limits = Limits { depth: 2, ..Limits::TOKEN };
/// assert_eq!(parse(b"[[[]]]", limits), Err(JsonError::TooDeep));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Arrays and objects inside each other, the outermost included; values
    /// above 127 have no effect.
    pub depth: usize,
    /// Members of one object.
    pub members: usize,
    /// Bytes of one member's name, in UTF-8 after unescaping.
    pub name_bytes: usize,
}

impl Limits {
    /// The limits of a token's header and claims: 16 deep, 128 members, names of 128 bytes.
    pub const TOKEN: Self = Self { depth: 16, members: 128, name_bytes: 128 };
}

/// Why the bytes were refused. Holds nothing of the input.
///
/// ```
/// use sekisho_interceptor::strict_json::{JsonError, Limits, parse};
///
/// assert_eq!(parse(b"{} {}", Limits::TOKEN), Err(JsonError::TrailingBytes));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// The text begins with U+FEFF (RFC 8259 section 8.1).
    #[error("byte order mark")]
    ByteOrderMark,
    /// Not JSON, not UTF-8, or a number out of range.
    #[error("not well-formed JSON")]
    Syntax,
    /// Something other than white space follows the value.
    #[error("bytes after the JSON value")]
    TrailingBytes,
    /// Two members of one object have the same name after unescaping.
    #[error("repeated object member")]
    DuplicateMember,
    /// More than [`Limits::depth`].
    #[error("nested too deeply")]
    TooDeep,
    /// More than [`Limits::members`].
    #[error("object with too many members")]
    TooManyMembers,
    /// More than [`Limits::name_bytes`].
    #[error("member name too long")]
    NameTooLong,
}

/// Reads one JSON value and nothing else.
///
/// # Errors
///
/// The first fault met, as a [`JsonError`].
///
/// ```
/// use sekisho_interceptor::strict_json::{JsonError, Limits, parse};
///
/// let twice = br#"{"sub": "ada", "sub": "eve"}"#;
/// assert_eq!(parse(twice, Limits::TOKEN), Err(JsonError::DuplicateMember));
/// ```
pub fn parse(bytes: &[u8], limits: Limits) -> Result<Value, JsonError> {
    read(bytes, limits).map(Value::from)
}

/// A JSON value that borrows its texts where nothing in them is escaped.
#[derive(Debug, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    Array(Vec<Json<'a>>),
    Object(Members<'a>),
}

/// In the order in which they came. No two have the same name.
pub(crate) type Members<'a> = Vec<(Cow<'a, str>, Json<'a>)>;

impl From<Json<'_>> for Value {
    fn from(json: Json<'_>) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(value),
            Json::Number(number) => Self::Number(number),
            Json::Text(text) => Self::String(text.into_owned()),
            Json::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Json::Object(members) => {
                Self::Object(members.into_iter().map(|(name, value)| (name.into_owned(), value.into())).collect())
            }
        }
    }
}

/// As [`parse`], without a copy.
pub(crate) fn read(bytes: &[u8], limits: Limits) -> Result<Json<'_>, JsonError> {
    if bytes.starts_with(BYTE_ORDER_MARK) {
        return Err(JsonError::ByteOrderMark);
    }
    let fault = Cell::new(None);
    let mut input = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { limits, room: limits.depth, fault: &fault }
        .deserialize(&mut input)
        .map_err(|_| fault.take().unwrap_or(JsonError::Syntax))?;
    input.end().map_err(|_| JsonError::TrailingBytes)?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Strict<'f> {
    limits: Limits,
    room: usize,
    // serde's errors are text, so the typed one travels beside them.
    fault: &'f Cell<Option<JsonError>>,
}

impl Strict<'_> {
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.room.checked_sub(1) {
            Some(room) => Ok(Self { room, ..self }),
            None => Err(self.refuse(JsonError::TooDeep)),
        }
    }

    fn refuse<E: serde::de::Error>(self, fault: JsonError) -> E {
        self.fault.set(Some(fault));
        E::custom(fault)
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Json<'de>, D::Error> {
        input.deserialize_any(self)
    }
}

/// The name of a member, borrowed if it can be.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Cow<'de, str>, D::Error> {
        input.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Json<'de>, E> {
        Number::from_f64(value).map(Json::Number).ok_or_else(|| self.refuse(JsonError::Syntax))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut input: A) -> Result<Json<'de>, A::Error> {
        let inner = self.inner()?;
        let mut items = Vec::new();
        while let Some(item) = input.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut input: A) -> Result<Json<'de>, A::Error> {
        const USUAL: usize = 16;
        let inner = self.inner()?;
        let mut members = Members::with_capacity(USUAL.min(self.limits.members));
        while let Some(name) = input.next_key_seed(Name)? {
            if name.len() > self.limits.name_bytes {
                return Err(self.refuse(JsonError::NameTooLong));
            }
            // A search from end to end: the limit on members keeps it short.
            if members.iter().any(|(other, _)| *other == name) {
                return Err(self.refuse(JsonError::DuplicateMember));
            }
            if members.len() >= self.limits.members {
                return Err(self.refuse(JsonError::TooManyMembers));
            }
            members.push((name, input.next_value_seed(inner)?));
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(text: &str) -> Result<Value, JsonError> {
        parse(text.as_bytes(), Limits::TOKEN)
    }

    #[test]
    fn plain_texts_are_not_copied() {
        let read = super::read(br#"{"a":"b","c":"\u0064"}"#, Limits::TOKEN);
        let Ok(Json::Object(members)) = read else { panic!("not an object: {read:?}") };
        let borrowed = |json: &Json<'_>| matches!(json, Json::Text(Cow::Borrowed(_)));
        assert_eq!(members.iter().map(|(_, value)| borrowed(value)).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn every_kind_of_value_is_read() {
        let text = r#" {"a":null,"b":[true,-1,2,1.5,"\u3042"],"c":{}} "#;
        assert_eq!(read(text), Ok(json!({"a": null, "b": [true, -1, 2, 1.5, "あ"], "c": {}})));
    }

    #[test]
    fn a_repeated_member_is_refused_at_any_depth() {
        for text in [r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1,"c":2,"a":3}}]"#] {
            assert_eq!(read(text), Err(JsonError::DuplicateMember), "{text}");
        }
    }

    #[test]
    fn a_member_repeated_through_an_escape_is_refused() {
        assert_eq!(read(r#"{"\u0073ub":1,"sub":2}"#), Err(JsonError::DuplicateMember));
    }

    #[test]
    fn the_same_name_in_two_objects_is_fine() {
        assert_eq!(read(r#"{"a":{"a":1}}"#), Ok(json!({"a": {"a": 1}})));
    }

    #[test]
    fn bytes_around_the_value_are_refused() {
        assert_eq!(read("\u{feff}{}"), Err(JsonError::ByteOrderMark));
        assert_eq!(read("{}{}"), Err(JsonError::TrailingBytes));
        assert_eq!(read("{}\0"), Err(JsonError::TrailingBytes));
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in ["", "{", "{'a':1}", "[1,]", "NaN", "1e400", r#""\ud800""#, "\"a\nb\""] {
            assert_eq!(read(text), Err(JsonError::Syntax), "{text:?}");
        }
        assert_eq!(parse(b"\"\xff\"", Limits::TOKEN), Err(JsonError::Syntax));
    }

    #[test]
    fn depth_is_counted_from_the_outermost() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(read(&nested(16)).is_ok());
        assert_eq!(read(&nested(17)), Err(JsonError::TooDeep));
        assert_eq!(read(&r#"{"a":"#.repeat(5_000)), Err(JsonError::TooDeep));
    }

    #[test]
    fn members_are_counted_per_object() {
        let object = |members: usize| {
            let list: Vec<String> = (0..members).map(|n| format!(r#""{n}":0"#)).collect();
            format!("{{{}}}", list.join(","))
        };
        assert!(read(&object(128)).is_ok());
        assert_eq!(read(&object(129)), Err(JsonError::TooManyMembers));
    }

    #[test]
    fn names_are_measured_after_unescaping() {
        assert!(read(&format!(r#"{{"{}":0}}"#, r"\u0061".repeat(128))).is_ok());
        let long = format!(r#"{{"{}":0}}"#, "a".repeat(129));
        assert_eq!(read(&long), Err(JsonError::NameTooLong));
    }
}
