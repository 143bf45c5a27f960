use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// The `typ` of an access token's header (RFC 9068 section 2.1).
pub const TOKEN_TYPE: &str = "at+jwt";

/// What an access token says (RFC 7519 section 4.1, RFC 9068 section 2.2).
///
/// The server issues from this type and [`Verifier`](crate::Verifier) returns
/// it. Deserialising alone proves nothing: take `Claims` from a `Verifier`.
///
/// ```
/// use sekisho_interceptor::Claims;
/// use uuid::Uuid;
///
/// let claims = Claims {
///     iss: "https://auth.example.com".into(),
///     sub: Uuid::from_u128(1),
///     aud: vec!["orders".into()],
///     exp: 1_800_000_900,
///     iat: 1_800_000_000,
///     nbf: 1_800_000_000,
///     jti: Uuid::from_u128(2),
///     client_id: "stock".into(),
///     scope: Some("orders:read orders:write".into()),
///     person: None,
/// };
/// assert!(claims.has_scope("orders:read") && !claims.has_scope("orders"));
/// assert!(claims.person.is_none(), "a service, not a person");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The issuer, compared byte by byte.
    pub iss: String,
    /// The account.
    pub sub: Uuid,
    /// The services the token is for; one alone is written as a plain string.
    #[serde(serialize_with = "write_audience", deserialize_with = "read_audience")]
    pub aud: Vec<String>,
    /// When the token ends, in Unix seconds.
    pub exp: i64,
    /// When the token was issued, in Unix seconds.
    pub iat: i64,
    /// When the token begins, in Unix seconds.
    pub nbf: i64,
    /// This token.
    pub jti: Uuid,
    /// The application that the person signed in with, or the service itself
    /// (RFC 8693 section 4.3).
    pub client_id: String,
    /// What the token is good for: names parted by one space (RFC 6749
    /// section 3.3). Left out of the token if `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// Who is signed in. `None`: the token is a service's own (RFC 6749 section 4.4).
    #[serde(flatten)]
    pub person: Option<Person>,
}

/// What the access token of a person says besides.
///
/// ```
/// use sekisho_interceptor::Person;
/// use uuid::Uuid;
///
/// let person = Person {
///     sid: Uuid::from_u128(3),
///     email: "ada@example.com".into(),
///     email_verified: true,
///     roles: vec!["member".into()],
///     auth_time: 1_800_000_000,
///     amr: vec!["pwd".into()],
/// };
/// assert!(!format!("{person:?}").contains("ada"), "an address is not for a log");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The session that the token was issued in.
    pub sid: Uuid,
    /// The address of the account. Personal data: `Debug` leaves it out.
    pub email: String,
    /// Whether the mailbox was proven to be the person's.
    pub email_verified: bool,
    /// What the person may do, in the words of the services.
    pub roles: Vec<String>,
    /// When the person last proved who they are, in Unix seconds.
    pub auth_time: i64,
    /// How they proved it (RFC 8176).
    pub amr: Vec<String>,
}

impl Claims {
    /// Whether `name` is one of the scopes: the whole word, case and all.
    #[must_use]
    pub fn has_scope(&self, name: &str) -> bool {
        self.scope.as_deref().is_some_and(|scopes| scopes.split(' ').any(|scope| scope == name))
    }

    /// Whether `name` is one of the person's roles.
    #[must_use]
    pub fn has_role(&self, name: &str) -> bool {
        self.person.as_ref().is_some_and(|person| person.roles.iter().any(|role| role == name))
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("iss", &self.iss)
            .field("sub", &self.sub)
            .field("aud", &self.aud)
            .field("exp", &self.exp)
            .field("iat", &self.iat)
            .field("nbf", &self.nbf)
            .field("jti", &self.jti)
            .field("client_id", &self.client_id)
            .field("scope", &self.scope)
            .field("person", &self.person)
            .finish()
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person")
            .field("sid", &self.sid)
            .field("email", &"[redacted]")
            .field("email_verified", &self.email_verified)
            .field("roles", &self.roles)
            .field("auth_time", &self.auth_time)
            .field("amr", &self.amr)
            .finish()
    }
}

fn write_audience<S: Serializer>(audience: &[String], out: S) -> Result<S::Ok, S::Error> {
    match audience {
        [only] => only.serialize(out),
        several => several.serialize(out),
    }
}

fn read_audience<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Audience {
        One(String),
        Several(Vec<String>),
    }
    Ok(match Audience::deserialize(input)? {
        Audience::One(only) => vec![only],
        Audience::Several(several) => several,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn claims() -> Claims {
        Claims {
            iss: "https://auth.example".to_owned(),
            sub: Uuid::from_u128(1),
            aud: vec!["orders".to_owned()],
            exp: 1_900,
            iat: 1_000,
            nbf: 1_000,
            jti: Uuid::from_u128(2),
            client_id: "web".to_owned(),
            scope: Some("orders:read orders:write".to_owned()),
            person: Some(Person {
                sid: Uuid::from_u128(3),
                email: "taro@example.jp".to_owned(),
                email_verified: true,
                roles: vec!["buyer".to_owned()],
                auth_time: 900,
                amr: vec!["pwd".to_owned()],
            }),
        }
    }

    #[test]
    fn one_audience_is_a_plain_string() {
        let written = serde_json::to_value(claims()).map(|value| value["aud"].clone());
        assert_eq!(written.ok(), Some(serde_json::json!("orders")));
    }

    #[test]
    fn several_audiences_are_an_array() {
        let mut two = claims();
        two.aud.push("stock".to_owned());
        let written = serde_json::to_value(two).map(|value| value["aud"].clone());
        assert_eq!(written.ok(), Some(serde_json::json!(["orders", "stock"])));
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut two = claims();
        two.aud.push("stock".to_owned());
        two.scope = None;
        let service = Claims { person: None, ..claims() };
        for given in [claims(), two, service] {
            let back = serde_json::to_value(&given).and_then(serde_json::from_value::<Claims>);
            assert_eq!(back.ok(), Some(given));
        }
    }

    #[test]
    fn no_scope_is_left_out() {
        let without = Claims { scope: None, ..claims() };
        let written = serde_json::to_value(without).ok();
        assert_eq!(written.map(|value| value.get("scope").is_none()), Some(true));
    }

    #[test]
    fn debug_hides_the_address() {
        let shown = format!("{:?}", claims());
        assert!(!shown.contains("taro"), "{shown}");
        assert!(shown.contains("email: \"[redacted]\""), "{shown}");
    }

    #[test]
    fn a_scope_is_a_whole_word() {
        assert!(claims().has_scope("orders:read"));
        assert!(!claims().has_scope("orders:rea"));
        assert!(!claims().has_scope("orders:read orders:write"));
        assert!(!claims().has_scope("Orders:read"));
    }
}
