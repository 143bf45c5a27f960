//! Data to test with: the same arguments always make the same thing.

use std::{net::IpAddr, time::Duration};

use sekisho::{
    domain::{
        Account, ClientId, Email, Event, EventKind, Locale, Name, Notice, NoticeKind, Origin, Session, SessionId,
        Timestamp, UserId,
        account::{AccountState, StoredPassword},
        session::{Chain, Salt, Subject},
    },
    storage::Stores,
};
use uuid::Uuid;

/// When every test begins. Not on a whole second: a back end that rounds is found out.
pub const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_123_456);
/// The least time.
pub const MICRO: Duration = Duration::from_micros(1);
/// For how long a session lives unused.
pub const IDLE: Duration = Duration::from_secs(3_600);
/// For how long a session lives at most.
pub const LIFE: Duration = Duration::from_secs(10_000);

/// So long after the beginning.
pub fn after(seconds: u64) -> Timestamp {
    NOW + Duration::from_secs(seconds)
}

pub fn user_id(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

pub fn session_id(n: u128) -> SessionId {
    SessionId(Uuid::from_u128(n))
}

pub fn client(name: &str) -> ClientId {
    ClientId::parse(name).unwrap()
}

pub fn email(n: u128) -> Email {
    Email::parse(&format!("ada{n}@example.com")).unwrap()
}

pub fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub fn password(text: &str) -> StoredPassword {
    StoredPassword { scheme: "bcrypt+hmac:1".into(), hash: format!("$2b$04${text}") }
}

/// The account of person `n`; no field has its default.
pub fn account(n: u128) -> Account {
    Account {
        id: user_id(n),
        email: email(n),
        email_verified: true,
        password: password("first"),
        password_changed_at: Timestamp::from_seconds(1_650_000_000),
        display_name: Name::parse("Ada 山田 'x'").unwrap(),
        locale: Locale::Ja,
        roles: vec!["admin".into(), "auditor".into()],
        state: AccountState::Disabled,
        not_before: Timestamp::from_seconds(1_700_000_000),
        created_at: NOW,
    }
}

/// Session `n` of a person; no field has its default.
pub fn session(person: u128, n: u128) -> Session {
    Session {
        id: session_id(n),
        user_id: user_id(person),
        client_id: client("web"),
        salt: Salt(n.to_be_bytes()),
        chain: Chain::start(NOW),
        created_at: NOW,
        expires_at: NOW + IDLE,
        ends_at: NOW + LIFE,
        device: Name::parse("山's laptop").unwrap(),
        address: Some(ip("192.0.2.1")),
        auth_time: NOW + MICRO,
        amr: vec!["pwd".into(), "otp".into()],
        subject: Subject {
            email: email(person),
            email_verified: true,
            roles: vec!["admin".into(), "auditor".into()],
            issued_after: Timestamp::from_seconds(1_799_999_999),
        },
    }
}

/// Session `n` of a person, begun so many seconds after the first.
pub fn session_begun(person: u128, n: u128, seconds: u64) -> Session {
    let begun = after(seconds);
    Session {
        created_at: begun,
        chain: Chain::start(begun),
        expires_at: begun + IDLE,
        ends_at: begun + LIFE,
        ..session(person, n)
    }
}

/// An event that knows nothing but its kind and its call.
pub fn event(kind: EventKind) -> Event {
    Event::new(NOW, kind, &Origin { address: None, request_id: "call-1".into() })
}

/// A notice to person `n`; no field has its default.
pub fn notice(n: u128) -> Notice {
    let device = Name::parse("山's \"laptop\" \\").unwrap();
    let kind = NoticeKind::SessionEnded { device, address: Some(ip("2001:db8::1")) };
    Notice { at: NOW, to: email(n), locale: Locale::Ja, kind }
}

/// The same of one store.
pub async fn audit_kinds_of(audit: &dyn sekisho::storage::Audit) -> Vec<String> {
    audit.list(0, 10_000).await.unwrap().into_iter().map(|row| row.kind).collect()
}

/// The kinds of the audit log, in order.
pub async fn audit_kinds(stores: &Stores) -> Vec<String> {
    stores.audit.list(0, 10_000).await.unwrap().into_iter().map(|row| row.kind).collect()
}
