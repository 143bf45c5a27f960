//! People who are signed in: made up, with texts as long as real ones.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use sekisho::domain::{
    ClientId, Email, Name, Session, SessionId, Timestamp, UserId,
    session::{Chain, Salt, Subject},
};
use uuid::Uuid;

use crate::Outcome;

const DAY: Duration = Duration::from_secs(86_400);

/// The session of a person on one of the person's devices: at each call the same.
pub(crate) fn session(person: u64, device: u64, now: Timestamp) -> Outcome<Session> {
    let client_id = Uuid::from_bytes(bytes("client", device, 0));
    Ok(Session {
        id: SessionId(Uuid::from_bytes(bytes("session", person, device))),
        user_id: UserId(Uuid::from_bytes(bytes("person", person, 0))),
        client_id: ClientId::parse(&client_id.to_string()).map_err(|_| "no client id")?,
        salt: Salt(bytes("salt", person, device)),
        chain: Chain::start(now),
        created_at: now,
        expires_at: now + 30 * DAY,
        ends_at: now + 90 * DAY,
        device: Name::salvage("Firefox 131 on Windows 10"),
        address: Some([203, 0, 113, 7].into()),
        auth_time: now,
        amr: vec!["pwd".into()],
        subject: Subject {
            email: Email::parse(&format!("p{person:09}@example.com")).map_err(|_| "no address")?,
            email_verified: true,
            roles: vec!["member".into()],
            issued_after: Timestamp::default(),
        },
    })
}

/// As good as random, and without a zero: arguments of commands end at one.
fn bytes(kind: &str, person: u64, device: u64) -> [u8; 16] {
    let digest = digest(&SHA256, format!("{kind} {person} {device}").as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_ref()[..16]);
    bytes.map(|byte| byte.max(1))
}
