//! Headers by which proxies tell a service who calls, and strangers could too.

use http::{HeaderMap, HeaderName};

const DEFAULT: [&str; 26] = [
    "cf-access-*",
    "remote-email",
    "remote-groups",
    "remote-name",
    "remote-user",
    "x-amzn-oidc-*",
    "x-auth-request-*",
    "x-authenticated-*",
    "x-authentik-*",
    "x-endpoint-api-userinfo",
    "x-envoy-jwt-*",
    "x-forwarded-access-token",
    "x-forwarded-client-cert",
    "x-forwarded-email",
    "x-forwarded-groups",
    "x-forwarded-preferred-username",
    "x-forwarded-user",
    "x-goog-authenticated-user-*",
    "x-goog-iap-jwt-assertion",
    "x-jwt-*",
    "x-ms-client-principal*",
    "x-remote-*",
    "x-sekisho-*",
    "x-user-id",
    "x-userinfo",
    "x-webauth-*",
];

#[derive(Clone, Debug)]
pub(crate) struct IdentityHeaders {
    exact: Vec<String>,
    prefixes: Vec<String>,
    /// The bytes that a name may begin with.
    first: [bool; 256],
}

impl Default for IdentityHeaders {
    fn default() -> Self {
        Self::new(DEFAULT)
    }
}

impl IdentityHeaders {
    pub(crate) fn new<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        let names = names.into_iter().map(|name| name.into().to_ascii_lowercase().replace('_', "-"));
        let (prefixes, exact) = names.partition::<Vec<_>, _>(|name| name.ends_with('*'));
        let prefixes: Vec<String> = prefixes.iter().map(|name| name.trim_end_matches('*').to_owned()).collect();
        let mut first = [prefixes.iter().any(String::is_empty); 256];
        for byte in exact.iter().chain(&prefixes).filter_map(|name| name.as_bytes().first()) {
            first[usize::from(*byte)] = true;
        }
        Self { exact, prefixes, first }
    }

    /// Takes them out, and says how many values there were.
    pub(crate) fn strip(&self, headers: &mut HeaderMap) -> usize {
        let named: Vec<HeaderName> = headers.keys().filter(|name| self.include(name.as_str())).cloned().collect();
        let before = headers.len();
        for name in named {
            headers.remove(name);
        }
        before - headers.len()
    }

    fn include(&self, name: &str) -> bool {
        // Most headers are told apart by their first byte.
        let first = name.as_bytes().first().is_some_and(|byte| self.first[usize::from(*byte)]);
        first && self.are_named(name)
    }

    fn are_named(&self, name: &str) -> bool {
        if name.contains('_') {
            // To CGI and those after it, `x_user_id` and `x-user-id` are one.
            return self.are_named(&name.replace('_', "-"));
        }
        self.prefixes.iter().any(|prefix| name.starts_with(prefix)) || self.exact.iter().any(|exact| name == exact)
    }
}
