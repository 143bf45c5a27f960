//! An HTTP request as a gRPC one.

use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Version, header, request::Parts};
use http_body_util::Full;
use prost_reflect::DynamicMessage;

use super::{
    binding::{self, Binding},
    body,
    cookie::Jar,
    decode,
    fault::{Faults, Place},
    field, frame,
    json::Node,
    query,
    router::Route,
    scalar,
};
use crate::{
    error::{Error, Rule},
    server::Overfull,
};

/// Headers of the caller that gRPC handlers see. `cookie` stays out: what may be
/// taken from it is decided by [`super::cookie`].
const PASSED: [HeaderName; 9] = [
    header::AUTHORIZATION,
    header::ACCEPT_LANGUAGE,
    header::USER_AGENT,
    header::FORWARDED,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-request-id"),
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
    HeaderName::from_static("grpc-timeout"),
];

const BODY: Place<'_> = Place::Whole("body");

/// The gRPC request that says the same.
///
/// # Errors
///
/// `Validation` with every fault, or a refusal of the body as a whole.
pub(super) async fn translate(
    route: Route<'_>,
    parts: Parts,
    body: Body,
    jar: Option<&Jar>,
) -> Result<Request<tonic::body::Body>, Error> {
    let binding = route.binding;
    let message = message(route, &parts, body, jar).await.map_err(|error| {
        let overfull = parts.extensions.get::<Overfull>().is_some_and(Overfull::has_happened);
        if overfull { Error::Overloaded } else { error }
    })?;
    let frame = frame::encode(&message).ok_or(Error::RequestTooLarge)?;
    let mut request = Request::new(tonic::body::Body::new(Full::new(frame)));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = binding.uri.clone();
    *request.version_mut() = Version::HTTP_2;
    *request.headers_mut() = metadata(&parts.headers);
    *request.extensions_mut() = parts.extensions;
    Ok(request)
}

async fn message(route: Route<'_>, parts: &Parts, body: Body, jar: Option<&Jar>) -> Result<DynamicMessage, Error> {
    let Route { binding, values } = route;
    let mut message = DynamicMessage::new(binding.input.clone());
    let mut faults = Faults::default();
    if binding.body == binding::Body::Nothing {
        body::refuse(body).await?;
    } else if let Some(node) = body::read_json(&parts.headers, body).await? {
        set_body(binding, node, &mut message, &mut faults)?;
    }
    query::apply(binding, parts.uri.query().unwrap_or_default(), &mut message, &mut faults);
    set_variables(binding, values, &mut message, &mut faults);
    if let Some(jar) = jar {
        jar.present(binding, &mut message, &mut faults);
    }
    faults.into_result()?;
    Ok(message)
}

fn set_body(binding: &Binding, node: Node, message: &mut DynamicMessage, faults: &mut Faults) -> Result<(), Error> {
    match (&binding.body, node) {
        (binding::Body::Field(field), node) => {
            let place = Place::Member(&BODY, field.name());
            if let Some(value) = decode::field(field, node, &place, faults) {
                message.set_field(field, value);
            }
        }
        (_, Node::Object(members)) => decode::fields(message, members, &BODY, faults),
        _ => return Err(Error::invalid("body", Rule::InvalidJson)),
    }
    Ok(())
}

fn set_variables(binding: &Binding, values: Vec<Option<String>>, message: &mut DynamicMessage, faults: &mut Faults) {
    for (path, text) in binding.variables.iter().zip(values) {
        let value = text.ok_or(Rule::Malformed).and_then(|text| scalar::from_text(&path.last().kind(), text));
        let set = value.and_then(|value| {
            let parent = path.parent(message).ok_or(Rule::Repeated)?;
            field::agree(parent, path.last(), value).then_some(()).ok_or(Rule::Repeated)
        });
        if let Err(rule) = set {
            faults.add(path.name(), rule);
        }
    }
}

fn metadata(from: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    for name in &PASSED {
        for value in from.get_all(name) {
            headers.append(name, value.clone());
        }
    }
    headers
}
