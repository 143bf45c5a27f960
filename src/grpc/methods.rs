//! The methods that there are.

use prost_reflect::{DescriptorError, DescriptorPool};

use super::SERVICES;
use crate::{
    proto::DESCRIPTORS,
    rest::openapi,
    telemetry::{CallCounts, Metrics},
};

/// A method by its path.
pub(super) struct Method {
    pub(super) path: String,
    /// Whether either side sends more than one message.
    pub(super) streams: bool,
}

/// Every RPC of ours.
pub(super) fn ours() -> Result<Vec<Method>, DescriptorError> {
    let pool = DescriptorPool::decode(DESCRIPTORS)?;
    let services = pool.services().filter(|service| SERVICES.contains(&service.full_name()));
    let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
    let method = |method: prost_reflect::MethodDescriptor| Method {
        path: format!("/{}/{}", method.parent_service().full_name(), method.name()),
        streams: method.is_client_streaming() || method.is_server_streaming(),
    };
    Ok(methods.map(method).collect())
}

/// What else is asked for, and is no secret: probes, and the one page that is no RPC.
const OTHERS: [(&str, bool); 4] = [
    ("/grpc.health.v1.Health/Check", false),
    ("/grpc.health.v1.Health/List", false),
    ("/grpc.health.v1.Health/Watch", true),
    (openapi::PATH, false),
];

/// Where calls of each are counted, on every surface.
pub fn call_counts(metrics: &Metrics) -> Result<CallCounts, DescriptorError> {
    let ours = ours()?.into_iter().map(|method| (method.path, method.streams));
    let others = OTHERS.map(|(path, streams)| (path.to_owned(), streams));
    Ok(CallCounts::new(metrics, ours.chain(others)))
}
