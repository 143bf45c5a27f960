//! The claims of a token whose signature has been verified: shape and types.

use std::mem;

use uuid::Uuid;

use crate::{
    cause::Cause,
    claims::{Claims, Person},
    jws,
    strict_json::{self, Json},
};

const PERSONAL: [&str; 6] = ["sid", "email", "email_verified", "roles", "auth_time", "amr"];
const MAX_AUDIENCES: usize = 16;
/// The end of the year 9999.
const LATEST: i64 = 253_402_300_799;

pub(crate) fn read(json: &[u8]) -> Result<Claims, Cause> {
    let mut members = Members(jws::members(json)?);
    if members.has("cnf") {
        return Err(Cause::Bound);
    }
    Ok(Claims {
        iss: members.text("iss").ok_or(Cause::Issuer)?,
        aud: audience(members.take("aud"))?,
        exp: members.seconds("exp").ok_or(Cause::Expiry)?,
        sub: members.uuid("sub")?,
        iat: members.seconds("iat").ok_or(Cause::Claims)?,
        nbf: members.seconds("nbf").ok_or(Cause::Claims)?,
        jti: members.uuid("jti")?,
        client_id: members.text("client_id").ok_or(Cause::Claims)?,
        scope: members.take("scope").map(scope).transpose()?,
        person: person(&mut members)?,
    })
}

/// All of a person's claims or none: a token that has lost its `sid` must not pass
/// for a service's.
fn person(members: &mut Members<'_>) -> Result<Option<Person>, Cause> {
    if PERSONAL.iter().all(|name| !members.has(name)) {
        return Ok(None);
    }
    Ok(Some(Person {
        sid: members.uuid("sid")?,
        email: members.text("email").ok_or(Cause::Claims)?,
        email_verified: members.flag("email_verified").ok_or(Cause::Claims)?,
        roles: members.texts("roles").ok_or(Cause::Claims)?,
        auth_time: members.seconds("auth_time").ok_or(Cause::Claims)?,
        amr: members.texts("amr").ok_or(Cause::Claims)?,
    }))
}

struct Members<'a>(strict_json::Members<'a>);

impl<'a> Members<'a> {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(own, _)| own == name)
    }

    /// Leaves a null behind, which no claim takes for a value.
    fn take(&mut self, name: &str) -> Option<Json<'a>> {
        let (_, value) = self.0.iter_mut().find(|(own, _)| own == name)?;
        Some(mem::replace(value, Json::Null))
    }

    fn text(&mut self, name: &str) -> Option<String> {
        self.take(name).and_then(text).filter(|text| !text.is_empty())
    }

    fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        match self.take(name) {
            Some(Json::Array(items)) => items.into_iter().map(text).collect(),
            _ => None,
        }
    }

    fn flag(&mut self, name: &str) -> Option<bool> {
        match self.take(name) {
            Some(Json::Bool(flag)) => Some(flag),
            _ => None,
        }
    }

    // The bounds keep every sum and difference of two times within i64.
    fn seconds(&mut self, name: &str) -> Option<i64> {
        let Some(Json::Number(number)) = self.take(name) else { return None };
        number.as_i64().filter(|seconds| (0..=LATEST).contains(seconds))
    }

    // One spelling per id, or the same id could pass for another where it is compared as text.
    fn uuid(&mut self, name: &str) -> Result<Uuid, Cause> {
        let Some(Json::Text(text)) = self.take(name) else { return Err(Cause::Claims) };
        let uuid = Uuid::try_parse(&text).map_err(|_| Cause::Claims)?;
        let canonical = *uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == *text;
        if canonical { Ok(uuid) } else { Err(Cause::Claims) }
    }
}

fn text(value: Json<'_>) -> Option<String> {
    match value {
        Json::Text(text) => Some(text.into_owned()),
        _ => None,
    }
}

fn audience(value: Option<Json<'_>>) -> Result<Vec<String>, Cause> {
    match value {
        Some(Json::Text(only)) => Ok(vec![only.into_owned()]),
        Some(Json::Array(several)) if several.len() > MAX_AUDIENCES => Err(Cause::TooComplex),
        Some(Json::Array(several)) => several.into_iter().map(text).collect::<Option<_>>().ok_or(Cause::Audience),
        _ => Err(Cause::Audience),
    }
}

// RFC 6749 section 3.3: scope-token *( SP scope-token ).
fn scope(value: Json<'_>) -> Result<String, Cause> {
    let is_token =
        |token: &str| !token.is_empty() && token.bytes().all(|b| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
    text(value).filter(|scopes| scopes.split(' ').all(is_token)).ok_or(Cause::Claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::tests::claims;
    use serde_json::{Value, json};

    fn with(name: &str, value: Value) -> Result<Claims, Cause> {
        let mut members = serde_json::to_value(claims()).unwrap_or_default();
        members[name] = value;
        read(members.to_string().as_bytes())
    }

    #[test]
    fn what_the_issuer_writes_is_read() {
        assert_eq!(with("iss", json!("https://auth.example")), Ok(claims()));
    }

    #[test]
    fn a_service_has_no_claim_of_a_person() {
        let service = Claims { person: None, ..claims() };
        let written = serde_json::to_vec(&service).unwrap_or_default();
        assert_eq!(read(&written), Ok(service));
        for name in PERSONAL {
            let mut members = serde_json::to_value(claims()).unwrap_or_default();
            let kept = members[name].take();
            let mut alone = serde_json::to_value(Claims { person: None, ..claims() }).unwrap_or_default();
            alone[name] = kept;
            assert_eq!(read(alone.to_string().as_bytes()), Err(Cause::Claims), "{name} alone");
        }
    }

    #[test]
    fn claims_that_are_not_ours_are_let_be() {
        assert_eq!(with("acr", json!({"any": ["thing"]})), Ok(claims()));
    }

    #[test]
    fn an_id_has_one_spelling() {
        for id in [
            "00000000-0000-0000-0000-00000000000A",
            "0000000000000000000000000000000a",
            "{00000000-0000-0000-0000-00000000000a}",
            "urn:uuid:00000000-0000-0000-0000-00000000000a",
        ] {
            assert_eq!(with("sub", json!(id)), Err(Cause::Claims), "{id}");
        }
    }

    #[test]
    fn a_scope_is_words_parted_by_one_space() {
        assert!(with("scope", json!("a b:c")).is_ok());
        for text in ["", " ", "a  b", " a", "a ", "a\tb", "a\"b", "a\\b", "あ"] {
            assert_eq!(with("scope", json!(text)), Err(Cause::Claims), "{text:?}");
        }
    }

    #[test]
    fn sixteen_audiences_are_the_most() {
        let names = |count: usize| json!(vec!["orders"; count]);
        assert!(with("aud", names(16)).is_ok());
        assert_eq!(with("aud", names(17)), Err(Cause::TooComplex));
    }
}
