//! The crate as a sibling service sees it: tokens that are signed and wrong,
//! keys, policies, and the layer around a service.

mod hostile;
mod keys;
mod layer;
mod policy;
mod support;
