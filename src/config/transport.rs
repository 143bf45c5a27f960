//! The settings of the public listener.

use std::path::PathBuf;

use super::{
    Mode, Transport,
    reader::Reader,
    values::{flag, number, one_of, seconds},
};
use crate::{
    domain::Timestamp,
    tls::{self, TlsFiles},
};

const CERTIFICATE: &str = "SEKISHO_TLS_CERT";
const KEY: &str = "SEKISHO_TLS_KEY";
const CLIENT_CA: &str = "SEKISHO_TLS_CLIENT_CA";
const CLIENT_AUTH: &str = "SEKISHO_TLS_CLIENT_AUTH";
const TERMINATED: &str = "SEKISHO_TLS_TERMINATED";

pub(super) fn transport(mode: Mode, reader: &mut Reader<'_>, now: Timestamp) -> Option<Transport> {
    let is_terminated = reader.required(TERMINATED, flag);
    let tls = tls(reader, is_terminated == Some(true) || mode == Mode::Dev, now);
    let max_connections = reader.required("SEKISHO_MAX_CONNECTIONS", |text| number(text, 1..=1_000_000));
    let max_age = reader.required("SEKISHO_CONNECTION_MAX_AGE", |text| seconds(text, 0..=86_400));
    let header_timeout = reader.required("SEKISHO_HEADER_TIMEOUT", |text| seconds(text, 1..=600));
    let max_calls = reader.required("SEKISHO_MAX_CALLS", |text| number(text, 1..=100_000));
    let call_timeout = reader.required("SEKISHO_CALL_TIMEOUT", |text| seconds(text, 1..=300));
    let tls = tls?;
    Some(Transport {
        is_secure: is_terminated? || tls.is_some(),
        tls,
        max_connections: max_connections?,
        max_age: Some(max_age?).filter(|age| !age.is_zero()),
        header_timeout: header_timeout?,
        max_calls: max_calls?,
        call_timeout: call_timeout?,
    })
}

/// `Some(None)`: a proxy in front speaks TLS, or this is development.
fn tls(reader: &mut Reader<'_>, may_be_plain: bool, now: Timestamp) -> Option<Option<TlsFiles>> {
    let mut path = |name| reader.optional(name, |text| Ok(PathBuf::from(text)));
    let (certificate, key, client_ca) = (path(CERTIFICATE)?, path(KEY)?, path(CLIENT_CA)?);
    let is_client_optional =
        reader.required(CLIENT_AUTH, |text| one_of(text, &[("required", false), ("optional", true)]))?;
    if is_client_optional && client_ca.is_none() {
        reader.fault(CLIENT_CA, format!("is required with {CLIENT_AUTH}=optional"));
    }
    match (certificate, key) {
        (Some(certificate), Some(key)) => {
            let files = TlsFiles { certificate, key, client_ca, is_client_optional };
            let faults = tls::check(&files, now).err().unwrap_or_default();
            let is_good = faults.is_empty();
            faults.into_iter().for_each(|fault| reader.fault(fault.setting, fault.problem));
            is_good.then_some(Some(files))
        }
        (None, None) => {
            if client_ca.is_some() {
                reader.fault(CERTIFICATE, format!("is required with {CLIENT_CA}"));
            } else if !may_be_plain {
                let problem = format!("must be true, for a proxy in front that speaks TLS; or set {CERTIFICATE}");
                reader.fault(TERMINATED, problem);
            }
            Some(None)
        }
        (Some(_), None) => {
            reader.fault(KEY, format!("is required with {CERTIFICATE}"));
            None
        }
        (None, Some(_)) => {
            reader.fault(CERTIFICATE, format!("is required with {KEY}"));
            None
        }
    }
}
