//! External authorisation, as a proxy asks for it: by a client made from Envoy's own
//! protos and, in `edge`, by Envoy itself.

mod alone;
mod edge;
mod knowledge;
mod log;
mod policy;
mod proxy;
mod same;
