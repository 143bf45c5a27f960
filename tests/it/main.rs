//! The integration tests: one binary. Each test starts the real service on a
//! free port and uses its public surfaces only; `storage` also runs the contract
//! suite of each storage trait over every back end.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![expect(unreachable_pub, reason = "nothing of a test binary is reachable")]

mod audit;
mod bad_input;
mod commands;
mod crashes;
mod database;
mod documents;
mod errors;
mod ext_authz;
mod faults;
mod feed;
mod flows;
mod gateway;
mod identities;
mod keys;
mod metrics;
mod monitoring;
mod notices;
mod openapi;
mod proxy;
mod races;
mod readme;
mod redis;
mod secrets;
mod servers;
mod siblings;
mod skew;
mod smtp;
mod stacks;
mod storage;
mod support;
mod surfaces;
mod traces;
mod transport;
mod upgrades;
mod verdicts;
mod web;
