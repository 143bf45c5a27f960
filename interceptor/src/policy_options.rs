//! `option (sekisho.v1.access)`, read from descriptors.

use std::{collections::BTreeMap, time::Duration};

use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, ServiceDescriptor};

use crate::policy::{Access, Callers, Freshness, PolicyError, WhenStale};

const OPTION: &str = "sekisho.v1.access";
const DEFAULT: &str = "sekisho.v1.default_access";

/// `sekisho.v1.Access`, as this version knows it.
#[derive(Clone, PartialEq, prost::Message)]
struct Declared {
    #[prost(bool, tag = "1")]
    public: bool,
    #[prost(string, repeated, tag = "2")]
    scopes: Vec<String>,
    #[prost(string, repeated, tag = "3")]
    roles: Vec<String>,
    #[prost(message, optional, tag = "4")]
    max_auth_age: Option<prost_types::Duration>,
    #[prost(int32, tag = "5")]
    freshness: i32,
    #[prost(int32, tag = "6")]
    callers: i32,
    #[prost(message, optional, tag = "7")]
    max_staleness: Option<prost_types::Duration>,
    #[prost(int32, tag = "8")]
    when_stale: i32,
}

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
    if declared.public && declared != (Declared { public: true, ..Declared::default() }) {
        return Err("public, and yet restricted");
    }
    if declared.scopes.iter().chain(&declared.roles).any(String::is_empty) {
        return Err("an empty scope or role");
    }
    if declared.callers == SERVICES && (declared.max_auth_age.is_some() || !declared.roles.is_empty()) {
        return Err("for services, and yet with what only people have");
    }
    Ok(Access {
        public: declared.public,
        max_auth_age: declared.max_auth_age.as_ref().map(whole_seconds).transpose()?,
        freshness: freshness(&declared)?,
        callers: callers(declared.callers)?,
        scopes: declared.scopes,
        roles: declared.roles,
    })
}

fn whole_seconds(age: &prost_types::Duration) -> Result<Duration, &'static str> {
    match u64::try_from(age.seconds) {
        Ok(seconds) if seconds > 0 && age.nanos == 0 => Ok(Duration::from_secs(seconds)),
        _ => Err("a time that is not a positive number of whole seconds"),
    }
}

fn freshness(declared: &Declared) -> Result<Freshness, &'static str> {
    let bounded = declared.max_staleness.is_some() || declared.when_stale != 0;
    match declared.freshness {
        0..=1 | 3 if bounded => Err("max_staleness or when_stale without FRESHNESS_STREAM"),
        0 => Ok(Freshness::default()),
        1 => Ok(Freshness::Signature),
        2 => {
            let max_staleness = declared.max_staleness.as_ref().map(whole_seconds).transpose()?;
            Ok(Freshness::Stream {
                max_staleness: max_staleness.unwrap_or(Freshness::MAX_STALENESS),
                when_stale: when_stale(declared.when_stale)?,
            })
        }
        3 => Ok(Freshness::Strict),
        _ => Err("a freshness that this version does not know"),
    }
}

fn when_stale(number: i32) -> Result<WhenStale, &'static str> {
    match number {
        0 | 1 => Ok(WhenStale::Refuse),
        2 => Ok(WhenStale::Serve),
        _ => Err("a when_stale that this version does not know"),
    }
}

const SERVICES: i32 = 2;

fn callers(number: i32) -> Result<Callers, &'static str> {
    match number {
        0 | 1 => Ok(Callers::People),
        SERVICES => Ok(Callers::Services),
        3 => Ok(Callers::Any),
        _ => Err("callers that this version does not know"),
    }
}
