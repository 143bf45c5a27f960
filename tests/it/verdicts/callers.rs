//! Those who call.

use std::collections::{BTreeMap, BTreeSet};

use super::{STALE, declared::Declared};
use crate::support::{TestApp, app::SignedIn};

/// A kind of caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Anonymous,
    /// A person whose access token is too old.
    Expired,
    /// Than the one whose objects are asked for.
    OtherPerson,
    /// A service with every scope but the one that it needs.
    ServiceWithoutScope,
    Person,
    Service,
}

impl Who {
    /// Those who may do most come last: what they do is done.
    pub const ALL: [Self; 6] =
        [Self::Anonymous, Self::Expired, Self::OtherPerson, Self::ServiceWithoutScope, Self::Person, Self::Service];
}

/// One of each kind. An RPC may end a session, or an account: each has its own.
pub struct Cast {
    pub person: SignedIn,
    other: SignedIn,
    expired: String,
    service: String,
    service_without_scope: String,
}

impl Cast {
    pub async fn gather(app: &TestApp, declared: &Declared, expired: &str, number: usize) -> Self {
        let person = app.sign_up(&format!("ada{number}@example.com"), "laptop").await;
        let other = app.sign_up(&format!("bob{number}@example.com"), "laptop").await;
        app.advance(STALE);
        Self {
            person,
            other,
            expired: expired.to_owned(),
            service: service(app, &format!("enough{number}"), &declared.enough()).await,
            service_without_scope: service(app, &format!("others{number}"), &declared.not_enough()).await,
        }
    }

    pub fn token(&self, who: Who) -> Option<&str> {
        match who {
            Who::Anonymous => None,
            Who::Expired => Some(&self.expired),
            Who::OtherPerson => Some(&self.other.access),
            Who::ServiceWithoutScope => Some(&self.service_without_scope),
            Who::Person => Some(&self.person.access),
            Who::Service => Some(&self.service),
        }
    }

    /// What is the person's, by the names of the fields that ask for it.
    pub fn objects(&self) -> BTreeMap<&'static str, String> {
        [("session_id", self.person.session_id()), ("user_id", self.person.user_id())].into()
    }
}

async fn service(app: &TestApp, name: &str, scopes: &BTreeSet<String>) -> String {
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let secret = app.service(name, &scopes.join(" ")).await;
    app.ask_service_token(name, &secret, None).await.unwrap().access_token
}
