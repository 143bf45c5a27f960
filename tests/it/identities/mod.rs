//! Services that are known by their certificates.

mod alone;
pub mod bench;
mod commands;
