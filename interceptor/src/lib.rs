#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod algorithm;
mod bearer;
mod cause;
mod claims;
mod clock;
mod freshness;
mod header;
mod jwk;
mod jws;
mod key_error;
mod keys;
mod layer;
mod ledger;
mod payload;
mod policy;
mod policy_options;
#[cfg(feature = "revocation")]
mod proto;
mod refusal;
mod revocations;
mod service;
pub mod strict_json;
mod verify;

pub use algorithm::Algorithm;
pub use bearer::bearer_token;
pub use cause::Cause;
pub use claims::{Claims, Person, TOKEN_TYPE};
pub use clock::{Clock, system_clock};
pub use freshness::{Introspection, Introspector, RevocationSource, Unavailable};
pub use key_error::KeyError;
pub use keys::{KeySet, KeySource, MIN_SECRET_BYTES, VerifyingKey};
pub use layer::{AuthLayer, Renderer};
pub use policy::{Access, Callers, Freshness, PolicyError, PolicySet, WhenStale};
pub use refusal::{ERROR_DOMAIN, Refusal};
pub use revocations::{Entry, RevocationKeys, RevocationSet, SetLimits};
pub use service::{AuthService, ResponseFuture};
pub use verify::{MAX_LEEWAY_SECONDS, MAX_TOKEN_BYTES, Verifier};
