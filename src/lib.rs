//! Sekisho: authentication for microservices over gRPC, gRPC-Web and REST.
//!
//! `ARCHITECTURE.md` is the map. The binary is a thin shell around
//! [`app::App`]; tests start the same.

pub mod app;
pub mod audit;
pub mod cli;
pub mod clock;
pub mod config;
pub mod crypto;
pub mod ctx;
pub mod domain;
pub mod entropy;
pub mod error;
pub mod ext_authz;
pub mod feed;
pub mod flows;
pub mod grpc;
pub mod jobs;
pub mod mail;
pub mod ops;
pub mod proto;
pub mod rest;
pub mod server;
pub mod storage;
pub mod stores;
pub mod surface;
pub mod telemetry;
pub mod tls;
pub mod world;
