//! A transcoder of `library.proto` whose upstream notes what it is asked.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    sync::{Arc, Mutex},
    task::{Context, Poll},
};

use axum::body::{Body, Bytes};
use http::{Extensions, HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use protox::{
    Compiler,
    file::{ChainFileResolver, File, FileResolver, GoogleFileResolver, IncludeFileResolver},
};
use serde_json::Value as Json;
use tower::{Service, ServiceExt};

use crate::rest::{Transcoder, frame};

/// The descriptors of `library.proto`, changed.
pub(super) fn pool(change: impl FnOnce(String) -> String) -> DescriptorPool {
    let mut files = ChainFileResolver::new();
    files.add(Memory(change(include_str!("library.proto").into())));
    files.add(IncludeFileResolver::new("interceptor/proto".into()));
    files.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(files);
    compiler.include_imports(true).open_file(Memory::NAME).expect("proto");
    DescriptorPool::decode(compiler.encode_file_descriptor_set().as_slice()).expect("pool")
}

struct Memory(String);

impl Memory {
    const NAME: &'static str = "library.proto";
}

impl FileResolver for Memory {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        if name != Self::NAME {
            return Err(protox::Error::file_not_found(name));
        }
        File::from_source(name, &self.0)
    }
}

/// What reached the upstream.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) path: String,
    pub(super) headers: HeaderMap,
    pub(super) extensions: Extensions,
    /// The message, without default values.
    pub(super) message: Json,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
    pub(super) json: Json,
}

impl Answer {
    /// The stable word of a refusal.
    pub(super) fn error(&self) -> &str {
        self.json["error"].as_str().unwrap_or_default()
    }

    /// The faults of a VALIDATION_ERROR as `field RULE`.
    pub(super) fn faults(&self) -> Vec<String> {
        let fields = self.json["details"]["fields"].as_array().cloned().unwrap_or_default();
        let text = |fault: &Json, key: &str| fault[key].as_str().unwrap_or_default().to_owned();
        fields.iter().map(|fault| format!("{} {}", text(fault, "field"), text(fault, "reason"))).collect()
    }
}

type Reply = Arc<dyn Fn() -> Response<tonic::body::Body> + Send + Sync>;

/// The upstream.
#[derive(Clone)]
pub(super) struct Upstream {
    pool: DescriptorPool,
    seen: Arc<Mutex<Option<Seen>>>,
    reply: Reply,
}

impl Service<Request<tonic::body::Body>> for Upstream {
    type Response = Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<tonic::body::Body>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let frame = body.collect().await.expect("body").to_bytes();
            let message = frame::decode(frame).expect("frame");
            let message = DynamicMessage::decode(this.input(parts.uri.path()), message).expect("message");
            let options = prost_reflect::SerializeOptions::new().use_proto_field_name(true);
            let message = message.serialize_with_options(serde_json::value::Serializer, &options).expect("JSON");
            let path = parts.uri.path().to_owned();
            let seen = Seen { path, headers: parts.headers, extensions: parts.extensions, message };
            *this.seen.lock().expect("lock") = Some(seen);
            Ok((this.reply)())
        })
    }
}

impl Upstream {
    fn input(&self, path: &str) -> MessageDescriptor {
        let service = self.pool.get_service_by_name("test.v1.Library").expect("service");
        let name = path.strip_prefix("/test.v1.Library/").expect("path");
        service.methods().find(|rpc| rpc.name() == name).expect("rpc").input()
    }
}

/// A transcoder before an [`Upstream`].
pub(super) struct Library {
    upstream: Upstream,
    pub(super) transcoder: Transcoder<Upstream>,
}

impl Library {
    /// One that answers every call with an empty message.
    pub(super) fn new() -> Self {
        Self::replying(|| ok(&[], Bytes::from_static(&[0; 5])))
    }

    /// One that answers every call like that.
    pub(super) fn replying(reply: impl Fn() -> Response<tonic::body::Body> + Send + Sync + 'static) -> Self {
        let pool = pool(|proto| proto);
        let upstream = Upstream { pool: pool.clone(), seen: Arc::default(), reply: Arc::new(reply) };
        let transcoder = Transcoder::new(pool, upstream.clone()).expect("bindings");
        Self { upstream, transcoder }
    }

    /// One that answers with a message written as JSON.
    pub(super) fn answering(message: &'static str, json: &'static str, headers: &'static [(&str, &str)]) -> Self {
        let descriptor = pool(|proto| proto).get_message_by_name(message).expect("message");
        let mut reader = serde_json::Deserializer::from_str(json);
        let message = DynamicMessage::deserialize(descriptor, &mut reader).expect("JSON");
        let frame = frame::encode(&message).expect("frame");
        Self::replying(move || ok(headers, frame.clone()))
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let Ok(response) = self.transcoder.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("body").to_bytes();
        let text = String::from_utf8(bytes.into()).expect("UTF-8");
        let json = serde_json::from_str(&text).unwrap_or_default();
        Answer { status: parts.status.as_u16(), headers: parts.headers, text, json }
    }

    pub(super) async fn call(&self, method: &str, target: &str) -> Answer {
        let request = Request::builder().method(method).uri(target).body(Body::empty());
        self.send(request.expect("request")).await
    }

    pub(super) async fn post(&self, target: &str, json: impl Into<Body>) -> Answer {
        let request = Request::post(target).header("content-type", "application/json").body(json.into());
        self.send(request.expect("request")).await
    }

    /// The last call that reached the upstream, taken.
    pub(super) fn seen(&self) -> Option<Seen> {
        self.upstream.seen.lock().expect("lock").take()
    }
}

/// A successful gRPC response.
pub(super) fn ok(headers: &[(&'static str, &str)], frame: Bytes) -> Response<tonic::body::Body> {
    let trailers = HeaderMap::from_iter([(tonic::Status::GRPC_STATUS, HeaderValue::from_static("0"))]);
    let trailers: Ready<Option<Result<HeaderMap, Infallible>>> = ready(Some(Ok(trailers)));
    let mut response = Response::new(tonic::body::Body::new(Full::new(frame).with_trailers(trailers)));
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    for (name, value) in headers {
        response.headers_mut().append(*name, value.parse().expect("header"));
    }
    response
}
