//! The messages and services of `proto/`, compiled by `build.rs`.
#![expect(
    missing_docs,
    unused_qualifications,
    clippy::all,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::too_many_lines,
    reason = "generated"
)]

tonic::include_proto!("proto");

/// Envoy's API of external authorisation, from `vendor/envoy`.
pub mod ext_authz {
    include!(concat!(env!("OUT_DIR"), "/ext_authz.rs"));
}

/// The descriptor set of all of it, with the extension options.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/sekisho.binpb"));
