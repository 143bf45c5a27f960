//! Data that benches share.

use sekisho::domain::{
    ClientId, Email, Name, Session, SessionId, Timestamp, UserId,
    session::{Chain, Salt, Subject},
};

/// The time at which the data stands.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// A session of that user.
pub(crate) fn session(user: u128) -> Session {
    Session {
        id: SessionId(uuid::Uuid::from_u128(user)),
        user_id: UserId(uuid::Uuid::from_u128(user)),
        client_id: ClientId::parse("laptop").expect("a client id"),
        salt: Salt([3; 16]),
        chain: Chain::start(NOW),
        created_at: NOW,
        expires_at: Timestamp::from_seconds(1_900_000_000),
        ends_at: Timestamp::from_seconds(1_900_000_000),
        device: Name::default(),
        address: None,
        auth_time: NOW,
        amr: vec!["pwd".into()],
        subject: Subject {
            email: Email::parse("ada@example.com").expect("an address"),
            email_verified: true,
            roles: Vec::new(),
            issued_after: Timestamp::default(),
        },
    }
}
