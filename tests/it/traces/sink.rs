//! A collector: a real gRPC server that keeps what it is sent.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::{KeyValue, any_value},
    trace::v1::Span,
};
use prost::Message;
use tokio::{net::TcpListener, task::JoinHandle};
use tonic::{
    Request, Response, Status,
    metadata::MetadataMap,
    transport::{Identity, Server, ServerTlsConfig, server::TcpIncoming},
};

use crate::support::eventually;

type Received = Arc<Mutex<Vec<(MetadataMap, ExportTraceServiceRequest)>>>;

struct Keeper(Received);

#[tonic::async_trait]
impl TraceService for Keeper {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let (metadata, _, message) = request.into_parts();
        self.0.lock().unwrap().push((metadata, message));
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// The collector. Ends when it is dropped.
pub struct Sink {
    pub address: SocketAddr,
    received: Received,
    served: JoinHandle<()>,
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.served.abort();
    }
}

impl Sink {
    pub async fn start() -> Self {
        Self::serve(Server::builder()).await
    }

    /// With TLS.
    pub async fn start_with(certificate: &str, key: &str) -> Self {
        let tls = ServerTlsConfig::new().identity(Identity::from_pem(certificate, key));
        Self::serve(Server::builder().tls_config(tls).unwrap()).await
    }

    async fn serve(mut server: Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, received) = (listener.local_addr().unwrap(), Received::default());
        let router = server.add_service(TraceServiceServer::new(Keeper(received.clone())));
        let served = tokio::spawn(async move {
            router.serve_with_incoming(TcpIncoming::from(listener)).await.unwrap();
        });
        Self { address, received, served }
    }

    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every byte of it.
    pub fn bytes(&self) -> Vec<u8> {
        self.received.lock().unwrap().iter().flat_map(|(_, message)| message.encode_to_vec()).collect()
    }

    /// Each value of a header that came with a batch.
    pub fn headers(&self, name: &str) -> Vec<String> {
        let received = self.received.lock().unwrap();
        let value = |metadata: &MetadataMap| metadata.get(name)?.to_str().ok().map(str::to_owned);
        received.iter().filter_map(|(metadata, _)| value(metadata)).collect()
    }

    /// What is said of the process.
    pub fn resource(&self, name: &str) -> Option<String> {
        let received = self.received.lock().unwrap();
        let resource = received[0].1.resource_spans[0].resource.as_ref().unwrap();
        attribute_of(&resource.attributes, name)
    }

    pub fn spans(&self) -> Vec<Span> {
        let received = self.received.lock().unwrap();
        let resources = received.iter().flat_map(|(_, message)| &message.resource_spans);
        resources.flat_map(|resource| &resource.scope_spans).flat_map(|scope| scope.spans.clone()).collect()
    }

    /// The spans of a trace.
    pub fn trace(&self, id: &str) -> Vec<Span> {
        self.spans().into_iter().filter(|span| hex::encode(&span.trace_id) == id).collect()
    }

    /// Waits for the spans of a trace, until all of these names are among them.
    pub async fn trace_with(&self, id: &str, names: &[&str]) -> Vec<Span> {
        eventually(async || {
            let spans = self.trace(id);
            names.iter().all(|name| spans.iter().any(|span| span.name == *name))
        })
        .await;
        self.trace(id)
    }
}

/// The one span of this name.
#[track_caller]
pub fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let mut found = spans.iter().filter(|span| span.name == name);
    match (found.next(), found.next()) {
        (Some(span), None) => span,
        (first, _) => panic!("{} of {name}: {spans:#?}", if first.is_none() { "none" } else { "several" }),
    }
}

/// An attribute as text.
pub fn attribute(span: &Span, name: &str) -> Option<String> {
    attribute_of(&span.attributes, name)
}

fn attribute_of(attributes: &[KeyValue], name: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.as_ref()?.value.as_ref()? {
        any_value::Value::StringValue(text) => Some(text.clone()),
        any_value::Value::IntValue(number) => Some(number.to_string()),
        other => panic!("{name} is {other:?}"),
    }
}
