//! `proto/sekisho/v1/token.proto`, compiled by `build.rs`.
#![expect(
    unreachable_pub,
    unused_qualifications,
    clippy::all,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::too_many_lines,
    reason = "generated"
)]

tonic::include_proto!("proto");

pub(crate) use sekisho::v1::*;
