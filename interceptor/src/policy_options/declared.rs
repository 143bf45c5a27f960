//! What a policy may say, and what it may not, however it is written down.

use std::time::Duration;

use crate::policy::{Access, Callers, Freshness, WhenStale};

/// `sekisho.v1.Access`, as this version knows it.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Declared {
    #[prost(bool, tag = "1")]
    pub(crate) public: bool,
    #[prost(string, repeated, tag = "2")]
    pub(crate) scopes: Vec<String>,
    #[prost(string, repeated, tag = "3")]
    pub(crate) roles: Vec<String>,
    #[prost(message, optional, tag = "4")]
    pub(crate) max_auth_age: Option<prost_types::Duration>,
    #[prost(int32, tag = "5")]
    pub(crate) freshness: i32,
    #[prost(int32, tag = "6")]
    pub(crate) callers: i32,
    #[prost(message, optional, tag = "7")]
    pub(crate) max_staleness: Option<prost_types::Duration>,
    #[prost(int32, tag = "8")]
    pub(crate) when_stale: i32,
}

impl Declared {
    pub(crate) fn access(&self) -> Result<Access, &'static str> {
        if self.public && *self != (Self { public: true, ..Self::default() }) {
            return Err("public, and yet restricted");
        }
        if self.scopes.iter().chain(&self.roles).any(String::is_empty) {
            return Err("an empty scope or role");
        }
        if self.callers == SERVICES && (self.max_auth_age.is_some() || !self.roles.is_empty()) {
            return Err("for services, and yet with what only people have");
        }
        Ok(Access {
            public: self.public,
            max_auth_age: self.max_auth_age.as_ref().map(whole_seconds).transpose()?,
            freshness: freshness(self)?,
            callers: callers(self.callers)?,
            scopes: self.scopes.clone(),
            roles: self.roles.clone(),
        })
    }
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
