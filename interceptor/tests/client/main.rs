//! What follows an issuer, against a feed on a real socket that behaves as it is told to.

mod feed;
mod introspection;
mod keys;
mod kit;
mod storm;
mod support;
