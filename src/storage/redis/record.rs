//! A session as it stands in its person's hash: see `scripts/sessions.lua`.
//!
//! ```text
//! record   salt 16 | generation 4 | generation - parent 3 | created_at 7
//!          | rotated_at 6 | expires_at 6 | ends_at 6 | address 0, 4 or 16
//! rest     postcard of what rotation does not change
//! subject  postcard of what is the person's and not the session's
//! ```
//!
//! Big-endian; `created_at` in microseconds since the epoch, the other times as
//! signed differences to it.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Result, link::corrupt};
use crate::domain::{
    ClientId, Email, Name, Session, SessionId, Timestamp, UserId,
    session::{Chain, Salt, Subject},
};

/// The parts of a session, as scripts take and give them.
pub(super) struct Parts {
    pub(super) record: Vec<u8>,
    pub(super) rest: Vec<u8>,
    pub(super) subject: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct Rest<'a> {
    // First: a script compares the beginning with `client`.
    client_id: &'a str,
    device: &'a str,
    auth_time: i64,
    #[serde(borrow)]
    amr: Vec<&'a str>,
}

#[derive(Serialize, Deserialize)]
struct PackedSubject<'a> {
    email: &'a str,
    email_verified: bool,
    #[serde(borrow)]
    roles: Vec<&'a str>,
    issued_after: i64,
}

/// A client as `rest` begins with it.
pub(super) fn client(client_id: &ClientId) -> Result<Vec<u8>> {
    pack(client_id.as_str())
}

/// An address as a record ends with it.
pub(super) fn address(address: Option<IpAddr>) -> Vec<u8> {
    match address {
        None => Vec::new(),
        Some(IpAddr::V4(four)) => four.octets().to_vec(),
        Some(IpAddr::V6(six)) => six.octets().to_vec(),
    }
}

/// A subject as it is kept.
pub(super) fn packed_subject(subject: &Subject) -> Result<Vec<u8>> {
    pack(&PackedSubject {
        email: subject.email.as_str(),
        email_verified: subject.email_verified,
        roles: subject.roles.iter().map(String::as_str).collect(),
        issued_after: subject.issued_after.micros(),
    })
}

impl Parts {
    pub(super) fn of(session: &Session) -> Result<Self> {
        Ok(Self {
            record: record(session)?,
            rest: pack(&Rest {
                client_id: session.client_id.as_str(),
                device: session.device.as_str(),
                auth_time: session.auth_time.micros() - session.created_at.micros(),
                amr: session.amr.iter().map(String::as_str).collect(),
            })?,
            subject: packed_subject(&session.subject)?,
        })
    }

    pub(super) fn session(&self, user_id: UserId, id: SessionId) -> Result<Session> {
        let mut fields = Fields(&self.record);
        let salt = Salt(fields.take()?);
        let generation = fields.number::<4>()?;
        let behind = fields.number::<3>()?;
        let created_at = fields.signed::<7>()?;
        let mut time = || -> Result<Timestamp> { Ok(Timestamp::from_micros(created_at + fields.signed::<6>()?)) };
        let (rotated_at, expires_at, ends_at) = (time()?, time()?, time()?);
        let rest: Rest<'_> = unpack(&self.rest)?;
        let subject: PackedSubject<'_> = unpack(&self.subject)?;
        Ok(Session {
            id,
            user_id,
            client_id: ClientId::parse(rest.client_id).map_err(|_| corrupt("client_id"))?,
            salt,
            chain: Chain { generation, parent: generation.saturating_sub(behind), rotated_at },
            created_at: Timestamp::from_micros(created_at),
            expires_at,
            ends_at,
            device: Name::parse(rest.device).map_err(|_| corrupt("device"))?,
            address: fields.address()?,
            auth_time: Timestamp::from_micros(created_at + rest.auth_time),
            amr: rest.amr.into_iter().map(str::to_owned).collect(),
            subject: Subject {
                email: Email::stored(subject.email).map_err(|_| corrupt("email"))?,
                email_verified: subject.email_verified,
                roles: subject.roles.into_iter().map(str::to_owned).collect(),
                issued_after: Timestamp::from_micros(subject.issued_after),
            },
        })
    }
}

fn record(session: &Session) -> Result<Vec<u8>> {
    let chain = session.chain;
    let created_at = session.created_at.micros();
    let unsigned = |number: u64| i64::try_from(number).map_err(|_| corrupt("generation"));
    let mut record = session.salt.0.to_vec();
    put::<4>(&mut record, unsigned(chain.generation)?);
    put::<3>(&mut record, unsigned(chain.generation.saturating_sub(chain.parent))?);
    put::<7>(&mut record, created_at);
    for time in [chain.rotated_at, session.expires_at, session.ends_at] {
        put::<6>(&mut record, time.micros() - created_at);
    }
    record.extend(address(session.address));
    Ok(record)
}

/// The low `N` bytes; sessions live for a year at most, far within six.
fn put<const N: usize>(record: &mut Vec<u8>, number: i64) {
    record.extend_from_slice(&number.to_be_bytes()[8 - N..]);
}

struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk().ok_or_else(|| corrupt("record"))?;
        self.0 = rest;
        Ok(*field)
    }

    fn number<const N: usize>(&mut self) -> Result<u64> {
        let mut bytes = [0; 8];
        bytes[8 - N..].copy_from_slice(&self.take::<N>()?);
        Ok(u64::from_be_bytes(bytes))
    }

    fn signed<const N: usize>(&mut self) -> Result<i64> {
        let mut bytes = [0; 8];
        bytes[..N].copy_from_slice(&self.take::<N>()?);
        Ok(i64::from_be_bytes(bytes) >> (8 * (8 - N)))
    }

    fn address(&self) -> Result<Option<IpAddr>> {
        match self.0.len() {
            0 => Ok(None),
            4 => Ok(self.0.first_chunk::<4>().map(|octets| IpAddr::from(*octets))),
            16 => Ok(self.0.first_chunk::<16>().map(|octets| IpAddr::from(*octets))),
            _ => Err(corrupt("address")),
        }
    }
}

fn pack<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>> {
    postcard::to_stdvec(value).map_err(|_| corrupt("cannot be packed"))
}

fn unpack<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T> {
    postcard::from_bytes(bytes).map_err(|_| corrupt("cannot be unpacked"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::session::sample;
    use proptest::prelude::*;

    #[test]
    fn a_record_fits_into_a_listpack() {
        let mut session = sample();
        session.address = Some("2001:db8::1".parse().unwrap());
        assert_eq!(Parts::of(&session).unwrap().record.len(), 64);
    }

    #[test]
    fn what_is_cut_is_corrupt() {
        let session = sample();
        let whole = Parts::of(&session).unwrap();
        let cuts: [fn(&mut Parts) -> &mut Vec<u8>; 3] = [|p| &mut p.record, |p| &mut p.rest, |p| &mut p.subject];
        for cut in cuts {
            let mut parts =
                Parts { record: whole.record.clone(), rest: whole.rest.clone(), subject: whole.subject.clone() };
            cut(&mut parts).pop();
            cut(&mut parts).truncate(20);
            assert!(parts.session(session.user_id, session.id).is_err());
        }
    }

    proptest! {
        #[test]
        fn a_session_survives_its_packing(
            generation in 1..u64::from(u32::MAX),
            behind in 1..16_777_216_u64,
            times in prop::array::uniform4(-31_536_000_000_000..31_536_000_000_000_i64),
        ) {
            let mut session = sample();
            let created_at = session.created_at.micros();
            let [rotated_at, expires_at, ends_at, auth_time] = times.map(|time| Timestamp::from_micros(created_at + time));
            session.chain = Chain { generation, parent: generation.saturating_sub(behind), rotated_at };
            (session.expires_at, session.ends_at, session.auth_time) = (expires_at, ends_at, auth_time);
            let parts = Parts::of(&session).unwrap();
            prop_assert_eq!(parts.session(session.user_id, session.id).unwrap(), session);
        }
    }
}
