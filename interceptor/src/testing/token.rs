use std::sync::Arc;

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{
    claims::{Claims, Person, TOKEN_TYPE},
    testing::issuer::TestIssuer,
};

const LIFE: i64 = 900;

/// A token to be, of a [`TestIssuer`].
///
/// ```
/// use sekisho_interceptor::{Refusal, Verifier, testing::{ManualClock, TestIssuer}};
///
/// let time = ManualClock::at(1_800_000_000);
/// let issuer = TestIssuer::new("https://auth.example.com", time.clock()).unwrap();
/// let old = issuer.service("stock").audience("orders").ago(1_000).ttl(900).sign();
/// let verifier = Verifier::new(issuer.name(), "orders");
/// assert_eq!(verifier.verify(&old, &issuer.keys(), time.now()), Err(Refusal::Expired));
/// ```
#[must_use]
pub struct TestToken {
    claims: Claims,
    payload: Vec<(String, Option<Value>)>,
    header: Vec<(String, Option<Value>)>,
    signer: Option<(String, Arc<Ed25519KeyPair>)>,
}

impl TestToken {
    pub(crate) fn person(issuer: &TestIssuer, sub: Uuid) -> Self {
        let mut token = Self::service(issuer, "test");
        token.claims.sub = sub;
        token.claims.person = Some(Person {
            sid: issuer.id(),
            email: "test@example.com".to_owned(),
            email_verified: true,
            roles: Vec::new(),
            auth_time: token.claims.iat,
            amr: vec!["pwd".to_owned()],
        });
        token
    }

    pub(crate) fn service(issuer: &TestIssuer, client_id: &str) -> Self {
        let now = issuer.now();
        let claims = Claims {
            iss: issuer.name().to_owned(),
            sub: issuer.id(),
            aud: vec!["sekisho".to_owned()],
            exp: now + LIFE,
            iat: now,
            nbf: now,
            jti: issuer.id(),
            client_id: client_id.to_owned(),
            scope: None,
            person: None,
        };
        Self { claims, payload: Vec::new(), header: Vec::new(), signer: issuer.signer() }
    }

    /// For this service alone.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.claims.aud = vec![audience.into()];
        self
    }

    /// With these scopes, parted by one space.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.claims.scope = Some(scope.into());
        self
    }

    /// With one more role, if it is a person's.
    pub fn role(mut self, role: impl Into<String>) -> Self {
        if let Some(person) = &mut self.claims.person {
            person.roles.push(role.into());
        }
        self
    }

    /// In this session, if it is a person's.
    pub fn sid(mut self, sid: Uuid) -> Self {
        if let Some(person) = &mut self.claims.person {
            person.sid = sid;
        }
        self
    }

    /// Good for so many seconds.
    pub fn ttl(mut self, seconds: i64) -> Self {
        self.claims.exp = self.claims.iat + seconds;
        self
    }

    /// Issued so many seconds earlier than it was, its end included.
    pub fn ago(mut self, seconds: i64) -> Self {
        self.claims.iat -= seconds;
        self.claims.nbf -= seconds;
        self.claims.exp -= seconds;
        if let Some(person) = &mut self.claims.person {
            person.auth_time -= seconds;
        }
        self
    }

    /// With any claim at all, or without it if `value` is `None`.
    pub fn claim(mut self, name: impl Into<String>, value: Option<Value>) -> Self {
        self.payload.push((name.into(), value));
        self
    }

    /// With any header at all, or without it if `value` is `None`.
    pub fn header(mut self, name: impl Into<String>, value: Option<Value>) -> Self {
        self.header.push((name.into(), value));
        self
    }

    /// What the token will say, as far as [`TestToken::claim`] does not change it.
    #[must_use]
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The token. Empty if there is no key, which cannot be.
    #[must_use]
    pub fn sign(&self) -> String {
        let Some((kid, key)) = &self.signer else { return String::new() };
        let header = with(json!({ "alg": "EdDSA", "kid": kid, "typ": TOKEN_TYPE }), &self.header);
        let payload = with(serde_json::to_value(&self.claims).unwrap_or_default(), &self.payload);
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
        let signature = URL_SAFE_NO_PAD.encode(key.sign(input.as_bytes()));
        format!("{input}.{signature}")
    }
}

fn with(object: Value, changes: &[(String, Option<Value>)]) -> String {
    let mut members = match object {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    for (name, value) in changes {
        members.remove(name);
        members.extend(value.clone().map(|value| (name.clone(), value)));
    }
    Value::Object(members).to_string()
}

/// The audience that a token names, whether or not that is so.
pub(crate) fn audience(token: &str) -> Option<String> {
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Claims>(&payload).ok()?.aud.first().cloned()
}
