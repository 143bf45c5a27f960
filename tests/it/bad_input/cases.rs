//! What a field of text may be given.

use prost_reflect::FieldDescriptor;

use super::schema::text;

const MEBIBYTE: usize = 1 << 20;
/// NUL; others below space; a line end; DEL; one that is two bytes in UTF-8.
const CONTROLS: [char; 6] = ['\0', '\u{1}', '\u{1b}', '\n', '\u{7f}', '\u{9b}'];

/// What a field is given.
#[derive(Clone, Debug)]
pub enum Given {
    Nothing,
    Text(Vec<u8>),
    /// Not a text; in JSON only.
    Json(&'static str),
}

impl Given {
    /// For a message: without what is too long to read.
    pub fn shown(&self) -> String {
        match self {
            Self::Text(text) if text.len() > 300 => format!("{} bytes", text.len()),
            other => format!("{other:?}"),
        }
    }
}

/// What comes of it.
#[derive(Clone, Copy, Debug)]
pub enum Outcome {
    /// The field is not to blame.
    Taken,
    /// The field, and no other, is named with this reason.
    Named(&'static str),
    /// The request cannot be read at all.
    Unreadable,
    TooLarge,
}

/// What a field may be given, and what comes of each.
pub fn cases(field: &FieldDescriptor) -> Vec<(Given, Outcome)> {
    let rules = text(field);
    let may = |reason: Option<&'static str>| reason.map_or(Outcome::Taken, Outcome::Named);
    let absent = if field.supports_presence() { Outcome::Taken } else { may(rules.empty) };
    let over = format!("{}{}", rules.longest, rules.longest.chars().last().unwrap());
    let given = |text: &str| Given::Text(text.as_bytes().to_vec());
    let mut cases = vec![
        (Given::Nothing, absent),
        (Given::Json("null"), absent),
        (given(""), may(rules.empty)),
        (given(rules.valid), Outcome::Taken),
        (given(&rules.longest), Outcome::Taken),
        (given(&over), Outcome::Named(rules.over)),
        (given(&"x".repeat(MEBIBYTE)), Outcome::TooLarge),
        (Given::Text([rules.valid.as_bytes(), b"\xff"].concat()), Outcome::Unreadable),
        (Given::Json(r#""\ud800""#), Outcome::Unreadable),
    ];
    cases.extend(["7", "true", "[]", "{}"].map(|json| (Given::Json(json), Outcome::Named("WRONG_TYPE"))));
    cases.extend(CONTROLS.map(|control| (given(&within(rules.valid, control)), may(rules.control))));
    cases
}

/// In the middle: at the ends white space may be dropped.
fn within(text: &str, control: char) -> String {
    let (start, end) = text.split_at(text.len() / 2);
    format!("{start}{control}{end}")
}
