//! Black-box tests, one file per flow.

mod admin;
mod audit_events;
mod claim_admin;
mod deletion;
mod devices;
mod email_change;
mod enumeration;
mod life;
mod limits;
mod login;
mod logout;
mod password_change;
mod password_reset;
mod passwords;
mod profile;
mod refresh;
mod service_tokens;
mod sessions;
mod signup;
mod step_up;
mod tokens;
