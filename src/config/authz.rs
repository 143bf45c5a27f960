//! The settings of external authorisation.

use std::path::PathBuf;

use super::{
    Authz,
    reader::Reader,
    values::{address, flag},
};
use crate::ext_authz;

const LISTEN: &str = "SEKISHO_AUTHZ_LISTEN";
const POLICY: &str = "SEKISHO_AUTHZ_POLICY";

pub(super) fn authz(reader: &mut Reader<'_>) -> Option<Option<Authz>> {
    let listen = reader.optional(LISTEN, address);
    let policy = reader.optional(POLICY, |text| Ok(PathBuf::from(text)));
    let plaintext = reader.required("SEKISHO_AUTHZ_PLAINTEXT", flag);
    let faults = policy.iter().flatten().find_map(|file| ext_authz::policies(file).err()).unwrap_or_default();
    let is_good = faults.is_empty();
    faults.into_iter().for_each(|fault| reader.fault(POLICY, fault));
    match (listen?, policy?) {
        (Some(listen), Some(policy)) if is_good => Some(Some(Authz { listen, policy, plaintext: plaintext? })),
        (None, None) => Some(None),
        (Some(_), None) => {
            reader.fault(POLICY, format!("is required with {LISTEN}"));
            None
        }
        (None, Some(_)) => {
            reader.fault(LISTEN, format!("is required with {POLICY}"));
            None
        }
        (Some(_), Some(_)) => None,
    }
}
