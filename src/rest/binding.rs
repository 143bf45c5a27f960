//! REST bindings of RPCs, read from their `google.api.http` options and checked.

mod error;

use std::sync::Arc;

use http::{Method, Uri};
use prost_reflect::{DescriptorPool, ExtensionDescriptor, FieldDescriptor, MessageDescriptor, MethodDescriptor};

pub use self::error::BindingError;
use super::{cookie, field::FieldPath, template::Template};
use crate::proto::google::api::{HttpRule, http_rule::Pattern};

/// One route of one RPC.
#[derive(Debug)]
pub(super) struct Binding {
    /// Full name of the RPC.
    pub(super) rpc: String,
    /// `package.Service/Method`
    pub(super) method_name: Arc<str>,
    pub(super) method: Method,
    /// The template as the proto writes it.
    pub(super) path: String,
    pub(super) template: Template,
    /// Of `additional_bindings`.
    pub(super) is_additional: bool,
    /// Where the values of the template go, in order.
    pub(super) variables: Vec<FieldPath>,
    pub(super) body: Body,
    pub(super) response_body: Option<FieldDescriptor>,
    /// The refresh token that a caller presents.
    pub(super) token_presented: Option<FieldDescriptor>,
    /// The refresh token that a caller is given.
    pub(super) token_granted: Option<FieldDescriptor>,
    pub(super) input: MessageDescriptor,
    pub(super) output: MessageDescriptor,
    /// `/package.Service/Method`
    pub(super) uri: Uri,
}

/// What of the message the HTTP body holds.
#[derive(Debug, PartialEq)]
pub(super) enum Body {
    Nothing,
    Everything,
    Field(FieldDescriptor),
}

/// Every binding of every RPC that has the option.
pub(super) fn read(pool: &DescriptorPool) -> Result<Vec<Binding>, BindingError> {
    let mut bindings = Vec::new();
    let Some(option) = pool.get_extension_by_name("google.api.http") else {
        return Ok(bindings);
    };
    let services: Vec<_> = pool.services().collect();
    for rpc in services.iter().flat_map(|service| service.methods()) {
        let Some(rule) = rule(&rpc, &option)? else {
            continue;
        };
        if rpc.is_client_streaming() || rpc.is_server_streaming() {
            return Err(BindingError::Streaming { rpc: rpc.full_name().to_owned() });
        }
        for rule in flatten(&rpc, rule)? {
            let is_additional = bindings.last().is_some_and(|last: &Binding| last.rpc == rpc.full_name());
            bindings.push(Binding { is_additional, ..Binding::new(&rpc, rule)? });
        }
    }
    Ok(bindings)
}

fn rule(rpc: &MethodDescriptor, option: &ExtensionDescriptor) -> Result<Option<HttpRule>, BindingError> {
    let options = rpc.options();
    if !options.has_extension(option) {
        return Ok(None);
    }
    let value = options.get_extension(option);
    let rule = value.as_message().and_then(|message| message.transcode_to().ok());
    rule.map(Some).ok_or_else(|| wrong(rpc, "the google.api.http option cannot be read"))
}

fn flatten(rpc: &MethodDescriptor, mut rule: HttpRule) -> Result<Vec<HttpRule>, BindingError> {
    let mut rules = std::mem::take(&mut rule.additional_bindings);
    if rules.iter().any(|additional| !additional.additional_bindings.is_empty()) {
        return Err(wrong(rpc, "additional_bindings in additional_bindings"));
    }
    rules.insert(0, rule);
    Ok(rules)
}

impl Binding {
    fn new(rpc: &MethodDescriptor, rule: HttpRule) -> Result<Self, BindingError> {
        let (input, output) = (rpc.input(), rpc.output());
        let (method, path) = pattern(rpc, rule.pattern)?;
        let template = Template::parse(&path).map_err(|why| BindingError::Template {
            rpc: rpc.full_name().to_owned(),
            template: path.clone(),
            why,
        })?;
        let variables = template.fields().map(|name| variable(rpc, &input, name)).collect::<Result<_, _>>()?;
        let body = match rule.body.as_str() {
            "" => Body::Nothing,
            "*" => Body::Everything,
            name => Body::Field(top_field(rpc, &input, name)?),
        };
        let response_body = match rule.response_body.as_str() {
            "" => None,
            name => Some(top_field(rpc, &output, name)?),
        };
        if method == Method::GET && body != Body::Nothing {
            return Err(wrong(rpc, "a GET with a body"));
        }
        let method_name = format!("{}/{}", rpc.parent_service().full_name(), rpc.name());
        let uri = format!("/{method_name}").parse().map_err(|_| wrong(rpc, "its name is not a path"))?;
        let (token_presented, token_granted) = (cookie::token_field(&input), cookie::token_field(&output));
        Ok(Self {
            rpc: rpc.full_name().to_owned(),
            method_name: method_name.into(),
            method,
            path,
            template,
            is_additional: false,
            variables,
            body,
            response_body,
            token_presented,
            token_granted,
            input,
            output,
            uri,
        })
    }

    /// The field that a query key sets, if one may.
    pub(super) fn query_field(&self, key: &str) -> Option<FieldPath> {
        let field = FieldPath::resolve(&self.input, key)?;
        let in_body = match &self.body {
            Body::Nothing => false,
            Body::Everything => true,
            Body::Field(body) => field.first() == body,
        };
        let in_path = self.variables.iter().any(|variable| variable.same(&field));
        (!in_body && !in_path && !field.last().is_map()).then_some(field)
    }
}

fn pattern(rpc: &MethodDescriptor, pattern: Option<Pattern>) -> Result<(Method, String), BindingError> {
    Ok(match pattern.ok_or_else(|| wrong(rpc, "a binding without a path"))? {
        Pattern::Get(path) => (Method::GET, path),
        Pattern::Put(path) => (Method::PUT, path),
        Pattern::Post(path) => (Method::POST, path),
        Pattern::Delete(path) => (Method::DELETE, path),
        Pattern::Patch(path) => (Method::PATCH, path),
        Pattern::Custom(custom) => match custom.kind.parse() {
            Ok(method) if custom.kind != "*" => (method, custom.path),
            _ => return Err(wrong(rpc, "a custom pattern that is not one HTTP method")),
        },
    })
}

fn variable(rpc: &MethodDescriptor, input: &MessageDescriptor, name: &str) -> Result<FieldPath, BindingError> {
    FieldPath::resolve(input, name)
        .filter(|path| !path.last().is_list() && path.last().kind().as_message().is_none())
        .ok_or_else(|| unknown(rpc, name))
}

fn top_field(rpc: &MethodDescriptor, message: &MessageDescriptor, name: &str) -> Result<FieldDescriptor, BindingError> {
    message.get_field_by_name(name).ok_or_else(|| unknown(rpc, name))
}

fn unknown(rpc: &MethodDescriptor, field: &str) -> BindingError {
    BindingError::UnknownField { rpc: rpc.full_name().to_owned(), field: field.to_owned() }
}

fn wrong(rpc: &MethodDescriptor, why: &'static str) -> BindingError {
    BindingError::Rule { rpc: rpc.full_name().to_owned(), why }
}
