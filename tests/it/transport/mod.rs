//! The public listener as strangers on the internet find it: TLS, and bounds whose
//! effect is seen from outside.

pub mod authority;
mod calls;
mod certificates;
pub mod client;
mod connections;
mod faults;
mod floods;
mod frames;
mod listener;
mod reload;
mod tls;
