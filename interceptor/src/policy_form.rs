//! A policy in a file, in the words of `sekisho.v1.Access`.

use prost_types::Duration;
use serde::{Deserialize, Deserializer, de::Error};

use crate::{policy::Access, policy_options::declared::Declared};

/// A restriction that is not understood must not be dropped.
#[derive(Deserialize, Default)]
#[serde(default, deny_unknown_fields)]
struct Form {
    public: bool,
    scopes: Vec<String>,
    roles: Vec<String>,
    max_auth_age: Option<u32>,
    freshness: FreshnessWord,
    callers: CallersWord,
    max_staleness: Option<u32>,
    when_stale: WhenStaleWord,
}

#[derive(Clone, Copy, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum FreshnessWord {
    #[default]
    #[serde(skip)]
    Unset,
    Signature,
    Stream,
    Strict,
}

#[derive(Clone, Copy, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum CallersWord {
    #[default]
    #[serde(skip)]
    Unset,
    People,
    Services,
    Any,
}

#[derive(Clone, Copy, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
enum WhenStaleWord {
    #[default]
    #[serde(skip)]
    Unset,
    Refuse,
    Serve,
}

impl From<Form> for Declared {
    fn from(form: Form) -> Self {
        let duration = |seconds| Duration { seconds: i64::from(seconds), nanos: 0 };
        Self {
            public: form.public,
            scopes: form.scopes,
            roles: form.roles,
            max_auth_age: form.max_auth_age.map(duration),
            // In the order of the proto's enums.
            freshness: form.freshness as i32,
            callers: form.callers as i32,
            max_staleness: form.max_staleness.map(duration),
            when_stale: form.when_stale as i32,
        }
    }
}

impl<'de> Deserialize<'de> for Access {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let form = Form::deserialize(deserializer)?;
        Declared::from(form).access().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::policy::{Callers, Freshness, WhenStale};

    fn read(json: &str) -> Result<Access, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn every_field_has_a_word() {
        let written = r#"{"scopes": ["a", "b"], "roles": ["admin"], "max_auth_age": 300, "callers": "any",
            "freshness": "stream", "max_staleness": 5, "when_stale": "serve"}"#;
        let freshness = Freshness::Stream { max_staleness: Duration::from_secs(5), when_stale: WhenStale::Serve };
        let wanted = Access {
            public: false,
            scopes: vec!["a".to_owned(), "b".to_owned()],
            roles: vec!["admin".to_owned()],
            max_auth_age: Some(Duration::from_secs(300)),
            freshness,
            callers: Callers::Any,
        };
        assert_eq!(read(written), Ok(wanted));
        assert_eq!(read("{}"), Ok(Access::default()));
        assert_eq!(read(r#"{"public": true}"#).map(|access| access.public), Ok(true));
        for (word, freshness) in [("signature", Freshness::Signature), ("strict", Freshness::Strict)] {
            let access = read(&format!(r#"{{"freshness": "{word}"}}"#));
            assert_eq!(access.map(|access| access.freshness), Ok(freshness));
        }
        for (word, callers) in [("people", Callers::People), ("services", Callers::Services)] {
            assert_eq!(read(&format!(r#"{{"callers": "{word}"}}"#)).map(|access| access.callers), Ok(callers));
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_as_in_a_proto() {
        for (written, fault) in [
            (r#"{"scope": ["a"]}"#, "unknown field `scope`"),
            (r#"{"freshness": "unset"}"#, "unknown variant `unset`"),
            (r#"{"freshness": "Strict"}"#, "unknown variant `Strict`"),
            (r#"{"public": true, "scopes": ["a"]}"#, "public, and yet restricted"),
            (r#"{"scopes": [""]}"#, "an empty scope or role"),
            (r#"{"callers": "services", "roles": ["admin"]}"#, "for services, and yet with what only people have"),
            (r#"{"max_auth_age": 0}"#, "a time that is not a positive number of whole seconds"),
            (r#"{"max_auth_age": -1}"#, "invalid value"),
            (r#"{"max_staleness": 5}"#, "without FRESHNESS_STREAM"),
            (r#"{"freshness": "strict", "when_stale": "serve"}"#, "without FRESHNESS_STREAM"),
            (r#"{"public": true, "public": false}"#, "duplicate field"),
        ] {
            let refused = read(written);
            assert!(refused.as_ref().is_err_and(|text| text.contains(fault)), "{written}: {refused:?}");
        }
    }
}
