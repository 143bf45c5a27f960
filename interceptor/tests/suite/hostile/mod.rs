//! One test per hostile input. Unless a test says otherwise, the token is
//! properly signed by a key of the set, so nothing but the named fault is wrong.

mod claims;
mod envelope;
mod header;
mod mangled;
mod signature;

use sekisho_interceptor::{Cause, Claims, Refusal};

use crate::support::{Issuer, NOW, verifier};

/// What the verifier answers to a token of `issuer`.
fn answer(issuer: &Issuer, token: &str) -> Result<Claims, Refusal> {
    verifier().verify(token, &issuer.keys(), NOW)
}

fn invalid(cause: Cause) -> Result<Claims, Refusal> {
    Err(Refusal::Invalid(cause))
}
