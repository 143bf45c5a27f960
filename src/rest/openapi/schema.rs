//! Messages as JSON Schema, in the JSON form of protocol buffers with the names of the
//! proto.

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value as Json, json};

use super::{answers, comment};
use crate::rest::binding::{Binding, Body};

/// Those that are referred to by name.
#[derive(Default)]
pub(super) struct Schemas {
    named: BTreeMap<String, Json>,
    begun: BTreeSet<String>,
}

impl Schemas {
    pub(super) fn finish(mut self) -> Json {
        self.named.insert("Error".to_owned(), answers::schema());
        json!(self.named)
    }

    /// A message that is answered: plain fields are always there.
    pub(super) fn answer(&mut self, message: &MessageDescriptor) -> Json {
        let name = message.name().to_owned();
        let reference = json!({"$ref": format!("#/components/schemas/{name}")});
        if self.begun.insert(name.clone()) {
            let always = |field: &FieldDescriptor| !field.supports_presence();
            let schema = self.object(message, &message.fields().collect::<Vec<_>>(), always);
            self.named.insert(name, schema);
        }
        reference
    }

    /// What is sent: the message without what is in the path. Nothing but its fields is
    /// taken, and texts that may not be left out are told.
    pub(super) fn body(&mut self, binding: &Binding) -> Json {
        let field = match &binding.body {
            Body::Field(field) => return self.field(field),
            Body::Nothing | Body::Everything => binding.input.fields(),
        };
        let in_path = |field: &FieldDescriptor| binding.variables.iter().any(|variable| variable.first() == field);
        let fields: Vec<FieldDescriptor> = field.filter(|field| !in_path(field)).collect();
        // In cookie mode the refresh token is not in the body.
        let needed = |field: &FieldDescriptor| {
            let is_text = field.kind() == Kind::String && !field.is_list() && !field.supports_presence();
            is_text && binding.token_presented.as_ref() != Some(field)
        };
        let mut schema = self.object(&binding.input, &fields, needed);
        schema["additionalProperties"] = json!(false);
        schema
    }

    fn object(
        &mut self,
        message: &MessageDescriptor,
        fields: &[FieldDescriptor],
        needed: impl Fn(&FieldDescriptor) -> bool,
    ) -> Json {
        let properties: Map<String, Json> =
            fields.iter().map(|field| (field.name().to_owned(), self.field(field))).collect();
        let required: Vec<&str> = fields.iter().filter(|field| needed(field)).map(FieldDescriptor::name).collect();
        let mut schema = json!({"type": "object", "properties": properties});
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        let description = comment::of(&message.parent_file(), message.path());
        if !description.is_empty() {
            schema["description"] = json!(description);
        }
        schema
    }

    fn field(&mut self, field: &FieldDescriptor) -> Json {
        match field.kind() {
            Kind::Message(message) if !message.full_name().starts_with("google.protobuf.") => {
                let reference = self.answer(&message);
                if field.is_list() { json!({"type": "array", "items": reference}) } else { reference }
            }
            _ => described(field),
        }
    }
}

/// A field that is no message of ours.
pub(super) fn described(field: &FieldDescriptor) -> Json {
    let text = comment::of(&field.parent_message().parent_file(), field.path());
    let mut schema = scalar(&field.kind());
    if field.kind() == Kind::String && !field.is_list() {
        schema.extend(comment::rules(&text));
    }
    if field.is_list() {
        schema = Map::from_iter([("type".to_owned(), json!("array")), ("items".to_owned(), json!(schema))]);
    }
    if !text.is_empty() {
        schema.insert("description".to_owned(), json!(text));
    }
    Json::from(schema)
}

/// <https://protobuf.dev/programming-guides/json/>
fn scalar(kind: &Kind) -> Map<String, Json> {
    let schema = match kind {
        Kind::Bool => json!({"type": "boolean"}),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => json!({"type": "integer", "format": "int32"}),
        Kind::Uint32 | Kind::Fixed32 => json!({"type": "integer", "minimum": 0, "maximum": u32::MAX}),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => json!({"type": "string", "pattern": "^-?[0-9]+$"}),
        Kind::Uint64 | Kind::Fixed64 => json!({"type": "string", "pattern": "^[0-9]+$"}),
        Kind::Float | Kind::Double => json!({"type": "number"}),
        Kind::Bytes => json!({"type": "string", "contentEncoding": "base64"}),
        Kind::Message(message) if message.name() == "Timestamp" => json!({"type": "string", "format": "date-time"}),
        Kind::Enum(words) => json!({"type": "string", "enum": words_of(words)}),
        Kind::String | Kind::Message(_) => json!({"type": "string"}),
    };
    schema.as_object().cloned().unwrap_or_default()
}

fn words_of(words: &EnumDescriptor) -> Vec<String> {
    words.values().map(|value| value.name().to_owned()).collect()
}
