//! Black-box tests, one file per flow.

mod life;
mod login;
mod logout;
mod profile;
mod refresh;
mod sessions;
mod signup;
