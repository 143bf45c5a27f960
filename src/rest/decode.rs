//! A JSON tree as a message, with every fault on the way.

use std::collections::{HashMap, hash_map::Entry};

use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage, Value};
use serde_json::{Map, Value as Json};

use super::{
    fault::{Faults, Place},
    field::{excluded, member},
    json::Node,
    scalar,
    well_known::{self, Form},
};
use crate::error::Rule;

/// Sets the fields that an object's members name.
pub(super) fn fields(
    message: &mut DynamicMessage,
    members: Vec<(String, Node)>,
    place: &Place<'_>,
    faults: &mut Faults,
) {
    let descriptor = message.descriptor();
    let mut seen: Vec<u32> = Vec::with_capacity(members.len());
    for (name, node) in members {
        let Some(field) = member(&descriptor, &name) else {
            faults.add(place.named(&name), Rule::UnknownField);
            continue;
        };
        let here = Place::Member(place, field.name());
        if seen.contains(&field.number()) || (node != Node::Null && excluded(message, &field)) {
            faults.add(here, Rule::Repeated);
            continue;
        }
        seen.push(field.number());
        if let Some(value) = self::field(&field, node, &here, faults) {
            message.set_field(&field, value);
        }
    }
}

/// The value of a field; `None` where it is unset or at fault.
pub(super) fn field(field: &FieldDescriptor, node: Node, place: &Place<'_>, faults: &mut Faults) -> Option<Value> {
    let kind = field.kind();
    let single = !field.is_list() && !field.is_map();
    match node {
        Node::Null if !(single && kind.as_message().is_some_and(well_known::takes_null)) => None,
        node if single => value(&kind, node, place, faults),
        Node::List(items) if field.is_list() => Some(Value::List(list(&kind, items, place, faults))),
        Node::Object(members) if field.is_map() => {
            kind.as_message().map(|entry| Value::Map(map(entry, members, place, faults)))
        }
        _ => {
            faults.add(place, Rule::WrongType);
            None
        }
    }
}

fn list(kind: &Kind, items: Vec<Node>, place: &Place<'_>, faults: &mut Faults) -> Vec<Value> {
    let items = items.into_iter().enumerate();
    items.filter_map(|(index, node)| value(kind, node, &Place::Item(place, index), faults)).collect()
}

fn map(
    entry: &MessageDescriptor,
    members: Vec<(String, Node)>,
    place: &Place<'_>,
    faults: &mut Faults,
) -> HashMap<MapKey, Value> {
    let (key_kind, value_kind) = (entry.map_entry_key_field().kind(), entry.map_entry_value_field().kind());
    let mut map = HashMap::with_capacity(members.len());
    for (name, node) in members {
        let key = scalar::from_text(&key_kind, name.clone()).ok().and_then(Value::into_map_key);
        let Some(key) = key else {
            faults.add(place.named(&name), Rule::WrongType);
            continue;
        };
        let Entry::Vacant(free) = map.entry(key) else {
            faults.add(place.named(&name), Rule::Repeated);
            continue;
        };
        if let Some(value) = value(&value_kind, node, &place.named(&name), faults) {
            free.insert(value);
        }
    }
    map
}

fn value(kind: &Kind, node: Node, place: &Place<'_>, faults: &mut Faults) -> Option<Value> {
    let read = match kind {
        Kind::Message(descriptor) => return message(descriptor, node, place, faults),
        _ => scalar::from_json(kind, node),
    };
    read.map_err(|rule| faults.add(place, rule)).ok()
}

fn message(descriptor: &MessageDescriptor, node: Node, place: &Place<'_>, faults: &mut Faults) -> Option<Value> {
    match (well_known::form(descriptor), node) {
        (Form::Wrapper(field), node) => {
            let inner = value(&field.kind(), node, place, faults)?;
            Some(well_known::wrap(descriptor, &field, inner))
        }
        (Form::Text | Form::Free, node) => {
            let json = plain(node, place, faults)?;
            well_known::from_json(descriptor, json).map_err(|rule| faults.add(place, rule)).ok()
        }
        (Form::Fields, Node::Object(members)) => {
            let mut message = DynamicMessage::new(descriptor.clone());
            fields(&mut message, members, place, faults);
            Some(Value::Message(message))
        }
        (Form::Fields, _) => {
            faults.add(place, Rule::WrongType);
            None
        }
    }
}

/// The same JSON without repetitions; `None` where it has one.
fn plain(node: Node, place: &Place<'_>, faults: &mut Faults) -> Option<Json> {
    Some(match node {
        Node::Null => Json::Null,
        Node::Bool(value) => Json::Bool(value),
        Node::Number(number) => Json::Number(number),
        Node::Text(text) => Json::String(text),
        Node::List(items) => {
            let items = items.into_iter().enumerate();
            items.map(|(index, item)| plain(item, &Place::Item(place, index), faults)).collect::<Option<_>>()?
        }
        Node::Object(members) => {
            let mut object = Map::new();
            for (name, node) in members {
                if object.contains_key(&name) {
                    faults.add(place.named(&name), Rule::Repeated);
                    return None;
                }
                let value = plain(node, &place.named(&name), faults)?;
                object.insert(name, value);
            }
            Json::Object(object)
        }
    })
}
