//! Signatures by keys that are ready to sign.
//!
//! The library makes a signer for each signature, which derives the public key
//! anew and takes as long as the signature itself. Its signers cannot go from one
//! thread to another, so each thread keeps the one that it used last.

use std::cell::RefCell;

use jsonwebtoken::{
    Algorithm, EncodingKey,
    crypto::{JwtSigner, aws_lc::DEFAULT_PROVIDER},
};

use crate::error::Error;

thread_local! {
    static LAST: RefCell<Option<Ready>> = const { RefCell::new(None) };
}

struct Ready {
    kid: String,
    signer: Box<dyn JwtSigner>,
}

/// The signature of `message` by `key`, which `kid` names among all keys.
pub(super) fn sign(kid: &str, algorithm: Algorithm, key: &EncodingKey, message: &[u8]) -> Result<Vec<u8>, Error> {
    LAST.with_borrow_mut(|last| {
        let ready = match last.take().filter(|ready| ready.kid == kid) {
            Some(ready) => ready,
            None => Ready { kid: kid.to_owned(), signer: signer(algorithm, key)? },
        };
        last.insert(ready).signer.try_sign(message).map_err(Error::internal)
    })
}

fn signer(algorithm: Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>, Error> {
    (DEFAULT_PROVIDER.signer_factory)(&algorithm, key).map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> Vec<u8> {
        sign(name, Algorithm::HS256, &EncodingKey::from_secret(name.as_bytes()), b"message").unwrap()
    }

    #[test]
    fn each_key_signs_with_itself_in_whatever_order() {
        let (one, other) = (of("one"), of("other"));
        assert_ne!(one, other);
        assert_eq!((of("one"), of("other"), of("other")), (one, other.clone(), other));
    }
}
