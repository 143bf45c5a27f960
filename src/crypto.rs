//! Keys, hashes and tokens.

pub mod admin_token;
pub mod hasher;
pub mod keyring;
pub mod password;
pub mod refresh_token;
pub mod reset_token;
pub mod secrets;
pub mod service_secret;
mod signer;
mod signing_key;

pub use hasher::Hasher;
pub use keyring::{Keyring, Standing};
pub use password::Passwords;
pub use refresh_token::RefreshToken;
pub use reset_token::ResetToken;
pub use secrets::Secrets;
