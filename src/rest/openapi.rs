//! The OpenAPI 3.1 document of the REST surface, made of the descriptors: routes of
//! `google.api.http`, types of the messages, texts, lengths and reasons of the comments.

mod answers;
mod comment;
mod operation;
mod schema;

use std::sync::LazyLock;

use axum::body::{Body, Bytes};
use http::{HeaderValue, Method, Response, header};
use prost_reflect::DescriptorPool;
use serde_json::{Map, Value as Json, json};
use tower::BoxError;

use self::schema::Schemas;
use super::binding;
use crate::{error::Error, grpc, proto::DESCRIPTORS};

/// Where it is served.
pub const PATH: &str = "/openapi.json";
const CACHE: HeaderValue = HeaderValue::from_static("public, max-age=3600");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

static TEXT: LazyLock<Option<Bytes>> = LazyLock::new(|| document().ok().map(|json| json.to_string().into()));

/// The document of our own services.
///
/// # Errors
///
/// Descriptors that cannot be served either.
pub fn document() -> Result<Json, BoxError> {
    let pool = DescriptorPool::decode(DESCRIPTORS)?;
    let policy = grpc::policy()?;
    let mut schemas = Schemas::default();
    let (mut paths, mut tags) = (Map::new(), Vec::new());
    let mut bindings = binding::read(&pool)?;
    bindings.sort_by(|a, b| (&a.path, a.method.as_str()).cmp(&(&b.path, b.method.as_str())));
    for binding in &bindings {
        let rpc = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
        let rpc = rpc.into_iter().find(|rpc| rpc.full_name() == binding.rpc).ok_or("a binding of no RPC")?;
        let access = policy.get(binding.uri.path()).ok_or("an RPC without a policy")?;
        let operation = operation::of(binding, &rpc, access, &mut schemas);
        let path = paths.entry(binding.path.clone()).or_insert_with(|| json!({}));
        path[binding.method.as_str().to_ascii_lowercase()] = operation;
        let tag = operation::tag(rpc.parent_service());
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags.sort_by_key(|tag| tag["name"].to_string());
    Ok(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sekisho",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Signs people in, and gives them tokens that every service can check.",
            "license": {"name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": tags,
        "paths": paths,
        "components": {
            "schemas": schemas.finish(),
            "responses": answers::responses(),
            "headers": answers::headers(),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }))
}

/// The document as an answer.
///
/// # Errors
///
/// `MethodNotAllowed` for all but GET and HEAD.
pub(super) fn answer(method: &Method) -> Result<Response<Body>, Error> {
    if method != Method::GET && method != Method::HEAD {
        return Err(Error::MethodNotAllowed { allow: "GET, HEAD".to_owned() });
    }
    let text = TEXT.clone().ok_or_else(|| Error::internal("no OpenAPI document can be made"))?;
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response.headers_mut().insert(header::CACHE_CONTROL, CACHE);
    Ok(response)
}
