//! What links, seals and the ends of the chain are made of. None of it may change: what
//! was sealed would not verify any more.

use aws_lc_rs::digest::{SHA256, digest};

use super::Broken;
use crate::{
    crypto::{
        Secrets,
        secrets::{Mac, MacCheck},
    },
    domain::Timestamp,
    storage::{
        audit::AuditRow,
        audit_chain::{Chain, Link, LinkedRow, Point, Seal},
    },
};

/// Before the first link.
pub const START: Point = Point { number: 0, hash: [0; 32] };

/// A text that no other list of fields gives: each field of varying length is led by
/// its length, and by whether it is there.
struct Text(Vec<u8>);

impl Text {
    fn of(what: &str) -> Self {
        Self(Vec::with_capacity(256)).field(Some(what.as_bytes()))
    }

    fn number(mut self, number: i64) -> Self {
        self.0.extend(number.to_be_bytes());
        self
    }

    fn time(self, time: Timestamp) -> Self {
        self.number(time.micros())
    }

    fn point(mut self, point: &Point) -> Self {
        self.0.extend(point.number.to_be_bytes());
        self.0.extend(point.hash);
        self
    }

    fn field(mut self, field: Option<&[u8]>) -> Self {
        self.0.push(field.is_some().into());
        let field = field.unwrap_or_default();
        self.0.extend((field.len() as u64).to_be_bytes());
        self.0.extend(field);
        self
    }
}

/// The link of an event that comes after another link.
pub fn link(before: &Point, row: &AuditRow) -> Link {
    let number = before.number + 1;
    let text = Text::of("sekisho audit link 1")
        .point(before)
        .number(row.seq)
        .time(row.at)
        .field(Some(row.kind.as_bytes()))
        .field(row.user_id.as_ref().map(|id| &id.as_bytes()[..]))
        .field(row.session_id.as_ref().map(|id| &id.as_bytes()[..]))
        .field(row.client_id.as_ref().map(String::as_bytes))
        .field(row.mailbox.as_deref())
        .field(row.address.as_ref().map(String::as_bytes))
        .field(Some(row.request_id.as_bytes()));
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, &text.0).as_ref());
    Link { point: Point { number, hash }, seq: row.seq }
}

/// Whether a link with its event comes after another: then it is the next point.
pub fn follow(before: &Point, next: &LinkedRow) -> Result<Point, Broken> {
    let (number, seq) = (next.link.point.number, next.link.seq);
    if number != before.number + 1 {
        return Err(Broken::LinkGone { number: before.number + 1 });
    }
    let row = next.row.as_ref().ok_or(Broken::EventGone { number, seq })?;
    if link(before, row) != next.link {
        return Err(Broken::EventChanged { number, seq });
    }
    Ok(next.link.point)
}

fn seal_text(point: &Point, at: Timestamp) -> Vec<u8> {
    Text::of("sekisho audit seal 1").point(point).time(at).0
}

/// Seals the chain up to a link.
pub fn seal(secrets: &Secrets, point: &Point, at: Timestamp) -> Seal {
    Seal { at, mac: secrets.audit_mac(&seal_text(point, at)) }
}

/// Whether a seal is over this link.
pub fn check_seal(secrets: &Secrets, point: &Point, seal: &Seal) -> MacCheck {
    secrets.check_audit_mac(&seal_text(point, seal.at), &seal.mac)
}

fn chain_text(chain: &Chain) -> Vec<u8> {
    let ends = Text::of("sekisho audit ends 1").time(chain.begun_at).point(&chain.removed).point(&chain.last);
    ends.number(chain.settled).number(chain.seen).number(chain.horizon).0
}

/// Signs both ends of the chain.
pub fn sign(secrets: &Secrets, chain: &Chain) -> Mac {
    secrets.audit_mac(&chain_text(chain))
}

/// Whether we signed them.
pub fn check(secrets: &Secrets, chain: &Chain, mac: &Mac) -> Result<(), Broken> {
    match secrets.check_audit_mac(&chain_text(chain), mac) {
        MacCheck::Right => Ok(()),
        MacCheck::Wrong => Err(Broken::EndsChanged),
        MacCheck::UnknownKey => Err(Broken::UnknownKey),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn row() -> AuditRow {
        AuditRow {
            seq: 7,
            at: Timestamp::from_micros(1_800_000_000_123_456),
            kind: "login_succeeded".into(),
            user_id: Some(Uuid::from_u128(1)),
            session_id: Some(Uuid::from_u128(2)),
            client_id: Some("web".into()),
            mailbox: Some(vec![9; 32]),
            address: Some("192.0.2.1".into()),
            request_id: "call-1".into(),
        }
    }

    /// R75. What was sealed by one release verifies in the next. The value was computed
    /// apart from this code, from what docs/audit.md says.
    #[test]
    fn a_link_is_what_it_was() {
        let hash = "52ed369914e0fe99e235189c5af8614206aab51bcf39654446c4d14f60197558";
        assert_eq!(hex::encode(link(&START, &row()).point.hash), hash);
    }

    /// R75.
    #[test]
    fn a_link_covers_every_field_its_place_and_the_link_before() {
        let changes: [fn(&mut AuditRow); 12] = [
            |row| row.seq = 8,
            |row| row.at = Timestamp::from_micros(1_800_000_000_123_457),
            |row| row.kind = "login_succeedee".into(),
            |row| row.user_id = None,
            |row| row.session_id = Some(Uuid::from_u128(3)),
            |row| row.client_id = None,
            |row| row.client_id = Some(String::new()),
            |row| row.mailbox = Some(vec![9; 31]),
            |row| row.address = Some("192.0.2.2".into()),
            |row| row.request_id = "call-2".into(),
            |row| (row.session_id, row.user_id) = (row.user_id, row.session_id),
            |row| (row.address, row.request_id) = (Some("192.0.2.1c".into()), "all-1".into()),
        ];
        let mut hashes: Vec<[u8; 32]> = vec![link(&START, &row()).point.hash];
        for change in changes {
            let mut changed = row();
            change(&mut changed);
            hashes.push(link(&START, &changed).point.hash);
        }
        hashes.push(link(&Point { number: 1, ..START }, &row()).point.hash);
        hashes.push(link(&Point { hash: [1; 32], ..START }, &row()).point.hash);
        let all = hashes.len();
        hashes.sort_unstable();
        hashes.dedup();
        assert_eq!(hashes.len(), all);
    }

    /// R75. An old seal does not pass for the end of the chain.
    #[test]
    fn a_seal_is_not_the_end_of_a_chain() {
        let secrets = Secrets::derive(&[1; 32], None).unwrap();
        let chain =
            Chain { begun_at: Timestamp::default(), removed: START, last: START, settled: 0, seen: 0, horizon: 0 };
        let seal = seal(&secrets, &START, Timestamp::default());
        assert_eq!(check(&secrets, &chain, &sign(&secrets, &chain)), Ok(()));
        assert_eq!(check(&secrets, &chain, &seal.mac), Err(Broken::EndsChanged));
        let others = Secrets::derive(&[2; 32], None).unwrap();
        assert_eq!(check(&others, &chain, &sign(&secrets, &chain)), Err(Broken::UnknownKey));
    }
}
