//! One binding as an operation.

use prost_reflect::{FieldDescriptor, Kind, MethodDescriptor, ServiceDescriptor};
use sekisho_interceptor::Access;
use serde_json::{Value as Json, json};

use super::{
    answers, comment,
    schema::{Schemas, described},
};
use crate::rest::{
    binding::{Binding, Body},
    cookie::COOKIE_MODE,
};

pub(super) fn of(binding: &Binding, rpc: &MethodDescriptor, access: &Access, schemas: &mut Schemas) -> Json {
    let told = comment::OfRpc::read(rpc);
    let takes_body = binding.body != Body::Nothing;
    let message = schemas.answer(&binding.output);
    let mut operation = json!({
        "operationId": operation_id(binding, rpc),
        "tags": [rpc.parent_service().name()],
        "summary": told.summary,
        "description": told.description,
        "parameters": parameters(binding),
        "responses": answers::of(told.success, &message, &told.reasons, takes_body, access.public),
    });
    if takes_body {
        let body = schemas.body(binding);
        operation["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": body}}});
    }
    if !access.public {
        operation["security"] = json!([{"bearer": access.scopes}]);
    }
    operation
}

/// The RPC's name; of further bindings with what their path ends in.
fn operation_id(binding: &Binding, rpc: &MethodDescriptor) -> String {
    let first = rpc.full_name().rsplit('.').next().unwrap_or_default();
    if binding.is_additional {
        let end = binding.path.trim_start_matches('/').replace(['/', '{', '}'], "_");
        return format!("{}_{first}_{end}", rpc.parent_service().name());
    }
    format!("{}_{first}", rpc.parent_service().name())
}

pub(super) fn tag(service: &ServiceDescriptor) -> Json {
    json!({"name": service.name(), "description": comment::of_service(service)})
}

fn parameters(binding: &Binding) -> Vec<Json> {
    let in_path = binding.variables.iter().map(|variable| parameter(variable.last(), "path"));
    let fields: Vec<FieldDescriptor> = match binding.body {
        Body::Nothing => binding.input.fields().collect(),
        _ => Vec::new(),
    };
    let is_in_path = |field: &FieldDescriptor| binding.variables.iter().any(|variable| variable.first() == field);
    let in_query = fields.iter().filter(|field| !is_in_path(field) && !matches!(field.kind(), Kind::Message(_)));
    let mut all: Vec<Json> = in_path.chain(in_query.map(|field| parameter(field, "query"))).collect();
    if binding.token_presented.is_some() || binding.token_granted.is_some() {
        all.push(json!({
            "name": COOKIE_MODE.as_str(),
            "in": "header",
            "description": "`1`: the refresh token is kept in a cookie, where the server permits it.",
            "schema": {"type": "string", "enum": ["1"]},
        }));
    }
    all
}

fn parameter(field: &FieldDescriptor, place: &str) -> Json {
    let mut schema = described(field);
    let description = schema.as_object_mut().and_then(|schema| schema.remove("description"));
    json!({
        "name": field.name(),
        "in": place,
        "required": place == "path",
        "description": description.unwrap_or_else(|| "".into()),
        "schema": schema,
    })
}
