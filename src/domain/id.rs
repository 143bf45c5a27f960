//! Identifiers: UUIDs that cannot be taken for one another.

use std::fmt;

use uuid::Uuid;

use crate::entropy::Entropy;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new, random one (UUID version 4).
            pub fn random(entropy: &dyn Entropy) -> Self {
                Self(uuid::Builder::from_random_bytes(entropy.bytes()).into_uuid())
            }

            /// The canonical text form of 36 characters, and no other.
            pub fn parse(text: &str) -> Option<Self> {
                (text.len() == 36).then(|| Uuid::parse_str(text).ok())?.map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

identifier! {
    /// A person's account; the `sub` claim.
    UserId
}
identifier! {
    /// A session; the `sid` claim.
    SessionId
}
identifier! {
    /// An access token; the `jti` claim.
    TokenId
}
