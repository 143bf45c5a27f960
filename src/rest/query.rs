//! Query parameters as fields of a message.

use std::borrow::Cow;

use prost_reflect::{DynamicMessage, Value};

use super::{
    binding::Binding,
    fault::{Faults, Place},
    field::{FieldPath, excluded},
    scalar, template,
};
use crate::error::Rule;

const QUERY: Place<'_> = Place::Whole("query");

/// Sets the fields that a raw query string names.
pub(super) fn apply(binding: &Binding, query: &str, message: &mut DynamicMessage, faults: &mut Faults) {
    let mut seen: Vec<FieldPath> = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let Some(key) = decode(key) else {
            faults.add(QUERY, Rule::Malformed);
            continue;
        };
        let Some(path) = binding.query_field(&key) else {
            faults.add(QUERY.named(&key), Rule::UnknownField);
            continue;
        };
        if seen.iter().any(|earlier| earlier.same(&path)) {
            faults.add(path.name(), Rule::Repeated);
            continue;
        }
        if let Err(rule) = set(message, &path, value) {
            faults.add(path.name(), rule);
        }
        if !path.last().is_list() {
            seen.push(path);
        }
    }
}

fn set(message: &mut DynamicMessage, path: &FieldPath, raw: &str) -> Result<(), Rule> {
    let field = path.last();
    let text = decode(raw).ok_or(Rule::Malformed)?;
    let value = scalar::from_text(&field.kind(), text)?;
    let parent = path.parent(message).ok_or(Rule::Repeated)?;
    if excluded(parent, field) {
        return Err(Rule::Repeated);
    }
    match parent.get_field_mut(field) {
        Value::List(items) => items.push(value),
        single => *single = value,
    }
    Ok(())
}

/// `application/x-www-form-urlencoded`, but not lossy.
fn decode(text: &str) -> Option<String> {
    let text = if text.contains('+') { Cow::Owned(text.replace('+', " ")) } else { Cow::Borrowed(text) };
    template::decode(&text)
}
