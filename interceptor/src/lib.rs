#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod algorithm;
mod answer;
#[cfg(any(feature = "jwks", feature = "revocation"))]
mod backoff;
mod bearer;
mod body;
mod cause;
mod claims;
mod clock;
mod freshness;
mod guard;
mod header;
mod identity_headers;
mod jwk;
#[cfg(feature = "jwks")]
mod jwks;
mod jws;
mod key_error;
#[cfg(any(feature = "jwks", feature = "revocation"))]
mod key_store;
mod keys;
mod layer;
mod lease;
mod ledger;
mod meter;
mod payload;
mod policy;
pub mod policy_build;
mod policy_form;
mod policy_options;
#[cfg(feature = "revocation")]
mod proto;
#[cfg(any(feature = "jwks", feature = "revocation"))]
mod refresh;
mod refusal;
mod revocations;
mod routes;
mod service;
pub mod strict_json;
#[cfg(feature = "testing")]
pub mod testing;
mod token_cache;
#[cfg(feature = "revocation")]
mod trust;
mod verify;

pub use algorithm::Algorithm;
pub use bearer::bearer_token;
pub use body::AuthBody;
pub use cause::Cause;
pub use claims::{Claims, Person, TOKEN_TYPE};
pub use clock::{Clock, system_clock};
pub use freshness::{Introspection, Introspector, RevocationSource, Unavailable};
#[cfg(feature = "jwks")]
pub use jwks::{JwksBuilder, JwksError, JwksSource};
pub use key_error::KeyError;
pub use keys::{KeySet, KeySource, MIN_SECRET_BYTES, VerifyingKey};
pub use layer::{AuthLayer, Renderer};
pub use meter::{Event, Meter};
pub use policy::{Access, Callers, Freshness, PolicyError, PolicySet, WhenStale};
pub use policy_build::proto_dir;
pub use refusal::{ERROR_DOMAIN, Refusal};
pub use revocations::{Entry, RevocationKeys, RevocationSet, SetLimits};
pub use service::{AuthService, ResponseFuture};
pub use token_cache::TokenCacheSize;
#[cfg(feature = "revocation")]
pub use trust::{
    Ended, Health, NotReady, ProvidedToken, Resync, TokenProvider, Trust, TrustBuilder, TrustError, TrustEvent,
    TrustMeter,
};
pub use verify::{MAX_LEEWAY_SECONDS, MAX_TOKEN_BYTES, Verifier};

/// Doors for `fuzz/`, which are no part of the crate's promises.
#[cfg(feature = "_fuzzing")]
#[doc(hidden)]
pub mod fuzzing {
    pub use crate::trust::fuzzing::frames;
}
