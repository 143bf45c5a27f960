//! Black-box tests, one file per flow.

mod audit_events;
mod life;
mod login;
mod logout;
mod profile;
mod refresh;
mod service_tokens;
mod sessions;
mod signup;
mod tokens;
