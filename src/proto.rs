//! The messages and services of `proto/`, compiled by `build.rs`.
#![expect(missing_docs, clippy::all, unused_qualifications, reason = "generated")]

tonic::include_proto!("proto");

/// The descriptor set of all of it, with the extension options.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/sekisho.binpb"));
