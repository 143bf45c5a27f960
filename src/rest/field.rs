//! Fields of a message by their dotted names.

use prost_reflect::{DynamicMessage, FieldDescriptor, MessageDescriptor, ReflectMessage, Value};

use super::well_known::{self, Form};

/// Deeper messages than this are not read: dropping them recurses.
pub(super) const MAX_DEPTH: usize = 16;

/// The way from a message to a field in it; never empty.
#[derive(Debug)]
pub(super) struct FieldPath(Vec<FieldDescriptor>);

impl FieldPath {
    /// `None` where a part is unknown, or one before the last is not a single message.
    pub(super) fn resolve(root: &MessageDescriptor, dotted: &str) -> Option<Self> {
        let mut fields: Vec<FieldDescriptor> = Vec::new();
        for name in dotted.split('.').take(MAX_DEPTH + 1) {
            let message = match fields.last() {
                None => root.clone(),
                Some(parent) => single_message(parent)?,
            };
            fields.push(member(&message, name)?);
        }
        (fields.len() <= MAX_DEPTH).then_some(Self(fields))
    }

    /// The field at the end.
    pub(super) fn last(&self) -> &FieldDescriptor {
        &self.0[self.0.len() - 1]
    }

    /// The field at the start.
    pub(super) fn first(&self) -> &FieldDescriptor {
        &self.0[0]
    }

    /// Whether both lead to the same field.
    pub(super) fn same(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// The dotted names, as in the proto.
    pub(super) fn name(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(FieldDescriptor::name).collect();
        names.join(".")
    }

    /// The message that holds the last field, made where it is unset; `None`
    /// where that would displace another field of a oneof.
    pub(super) fn parent<'m>(&self, root: &'m mut DynamicMessage) -> Option<&'m mut DynamicMessage> {
        let (_, parents) = self.0.split_last()?;
        parents.iter().try_fold(root, |message, field| {
            (!excluded(message, field)).then(|| message.get_field_mut(field).as_message_mut())?
        })
    }
}

/// The field that a member of JSON or a query key names, by either of its names.
pub(super) fn member(message: &MessageDescriptor, name: &str) -> Option<FieldDescriptor> {
    message.get_field_by_name(name).or_else(|| message.get_field_by_json_name(name))
}

/// Whether another field of its oneof is set.
pub(super) fn excluded(message: &DynamicMessage, field: &FieldDescriptor) -> bool {
    let Some(group) = field.containing_oneof() else {
        return false;
    };
    group.fields().any(|other| other != *field && message.has_field(&other))
}

/// Sets a field, unless it has another value already.
pub(super) fn agree(message: &mut DynamicMessage, field: &FieldDescriptor, value: Value) -> bool {
    debug_assert_eq!(message.descriptor(), *field.parent_message());
    let free = !excluded(message, field) && (!message.has_field(field) || *message.get_field(field) == value);
    if free {
        message.set_field(field, value);
    }
    free
}

/// A message that JSON writes as a text or a value has no fields that could be named.
fn single_message(field: &FieldDescriptor) -> Option<MessageDescriptor> {
    if field.is_list() || field.is_map() {
        return None;
    }
    field.kind().as_message().filter(|message| matches!(well_known::form(message), Form::Fields)).cloned()
}
