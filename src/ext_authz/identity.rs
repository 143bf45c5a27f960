//! What a sibling is told of its caller.

use sekisho_interceptor::Claims;

const CALLER: &str = "x-sekisho-caller";
const SUBJECT: &str = "x-sekisho-subject";
const SESSION: &str = "x-sekisho-session";
const CLIENT: &str = "x-sekisho-client";
const ROLES: &str = "x-sekisho-roles";
const SCOPES: &str = "x-sekisho-scopes";
const AUTH_TIME: &str = "x-sekisho-auth-time";
const EXPIRES: &str = "x-sekisho-expires";

/// Every one of them.
pub(super) const NAMES: [&str; 8] = [CALLER, SUBJECT, SESSION, CLIENT, ROLES, SCOPES, AUTH_TIME, EXPIRES];

/// Those that there is something to say of. No personal data: who wants the address of
/// a person has the token.
pub(super) fn headers(claims: &Claims) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        (CALLER, if claims.person.is_some() { "person" } else { "service" }.to_owned()),
        (SUBJECT, claims.sub.to_string()),
        (CLIENT, claims.client_id.clone()),
        (EXPIRES, claims.exp.to_string()),
    ];
    if let Some(person) = &claims.person {
        headers.push((SESSION, person.sid.to_string()));
        headers.push((AUTH_TIME, person.auth_time.to_string()));
        headers.push((ROLES, person.roles.join(",")));
    }
    headers.extend(claims.scope.clone().map(|scope| (SCOPES, scope)));
    headers.retain(|(_, value)| !value.is_empty());
    headers
}
