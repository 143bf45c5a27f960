//! For the tests of services: an issuer that signs whatever it is told to, its feed on a
//! loopback port, and a clock that stands still. With the feature `testing`.
//!
//! ```
//! use sekisho_interceptor::{Verifier, testing::{ManualClock, TestIssuer}};
//! use uuid::Uuid;
//!
//! let clock = ManualClock::at(1_800_000_000);
//! let issuer = TestIssuer::new("http://localhost", clock.clock()).unwrap();
//! let token = issuer.person(Uuid::from_u128(1)).audience("orders").scope("orders:read").sign();
//!
//! let verifier = Verifier::new("http://localhost", "orders");
//! let claims = verifier.verify(&token, &issuer.keys(), clock.now()).unwrap();
//! assert!(claims.has_scope("orders:read"));
//!
//! clock.advance(3_600);
//! assert!(verifier.verify(&token, &issuer.keys(), clock.now()).is_err());
//! ```

mod clock;
mod feed;
mod issuer;
mod script;
mod server;
mod token;

pub use self::{
    clock::ManualClock,
    feed::FakeFeed,
    issuer::{TestIssuer, TestKitError},
    script::Heard,
    token::TestToken,
};
