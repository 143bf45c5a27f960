//! What follows an issuer, against a feed on a real socket that behaves as it is told to.

mod feed;
mod introspection;
mod jwks;
mod keys;
mod kit;
mod policy_build;
mod provider;
mod storm;
mod support;
