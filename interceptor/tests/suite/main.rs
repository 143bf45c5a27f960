//! The crate as a sibling service sees it: tokens that are signed and wrong,
//! keys, policies, and the layer around a service.

mod cache;
mod freshness;
mod hostile;
mod http_answers;
mod keys;
mod known;
mod layer;
mod policy;
mod revocations;
mod streams;
mod support;
