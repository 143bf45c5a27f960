//! The feed of revocations: complete, in order, and only for those who may.

mod alone;
mod outages;
mod two_servers;
