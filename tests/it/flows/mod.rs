//! Black-box tests, one file per flow.

mod life;
mod login;
mod logout;
mod passwords;
mod profile;
mod refresh;
mod service_tokens;
mod sessions;
mod signup;
mod tokens;
