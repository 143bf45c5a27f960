//! `option (sekisho.v1.access)`, read from descriptors.

pub(crate) mod declared;

use std::collections::BTreeMap;

use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, ServiceDescriptor};

use self::declared::Declared;
use crate::policy::{Access, PolicyError};

const OPTION: &str = "sekisho.v1.access";
const DEFAULT: &str = "sekisho.v1.default_access";

const LAST_KNOWN_FIELD: u32 = 8;

pub(crate) fn read(file_descriptor_set: &[u8], services: &[&str]) -> Result<BTreeMap<String, Access>, PolicyError> {
    let pool =
        DescriptorPool::decode(file_descriptor_set).map_err(|error| PolicyError::Descriptors(Box::new(error)))?;
    let mut methods = BTreeMap::new();
    let mut undeclared = Vec::new();
    for method in find(&pool, services)?.iter().flat_map(ServiceDescriptor::methods) {
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        match option(&pool, &method) {
            None => undeclared.push(path),
            Some(message) => {
                let read = access(&message);
                let access = read.map_err(|fault| PolicyError::Option { path: path.clone(), fault })?;
                methods.insert(path, access);
            }
        }
    }
    if undeclared.is_empty() { Ok(methods) } else { Err(PolicyError::Undeclared(undeclared)) }
}

fn find(pool: &DescriptorPool, names: &[&str]) -> Result<Vec<ServiceDescriptor>, PolicyError> {
    let mut unknown = Vec::new();
    let mut found = Vec::new();
    for name in names {
        match pool.get_service_by_name(name) {
            Some(service) => found.push(service),
            None => unknown.push((*name).to_owned()),
        }
    }
    if unknown.is_empty() { Ok(found) } else { Err(PolicyError::UnknownServices(unknown)) }
}

/// The method's own, else its service's.
fn option(pool: &DescriptorPool, method: &MethodDescriptor) -> Option<DynamicMessage> {
    extension(pool, OPTION, &method.options()).or_else(|| extension(pool, DEFAULT, &method.parent_service().options()))
}

// A pool without the extension has no file that could use it.
fn extension(pool: &DescriptorPool, name: &str, options: &DynamicMessage) -> Option<DynamicMessage> {
    let extension = pool.get_extension_by_name(name)?;
    if !options.has_extension(&extension) {
        return None;
    }
    options.get_extension(&extension).as_message().cloned()
}

fn access(message: &DynamicMessage) -> Result<Access, &'static str> {
    // A restriction that is not understood must not be dropped.
    let newer = message.fields().any(|(field, _)| field.number() > LAST_KNOWN_FIELD);
    if newer || message.unknown_fields().next().is_some() {
        return Err("a field that this version does not know");
    }
    let declared: Declared = message.transcode_to().map_err(|_| "not a sekisho.v1.Access")?;
    declared.access()
}
