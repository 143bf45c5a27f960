//! Each route of the descriptors, with all that can be wrong with a call of it.

use prost_reflect::FieldDescriptor;
use serde_json::{Map, Value, json};

use super::case::Case;
use crate::bad_input::schema::{Route, text};

/// Nothing sensitive is done on a proof as old as this one.
pub const STALE: u64 = 301;
const METHODS: [&str; 8] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"];
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

/// What would end the account's session comes last.
pub fn cases(route: &Route) -> Vec<Case> {
    let calls = [wrong_lines(route), wrong_variables(route), wrong_fields(route), wrong_callers(route)];
    calls.into_iter().flatten().chain(right(route)).collect()
}

/// The path with what is the caller's, or another value.
fn path(route: &Route, value: Option<&str>) -> String {
    let own = route.path.replace('{', "<").replace('}', ">");
    match value {
        Some(value) => own.replace("<session_id>", value).replace("<user_id>", value),
        None => own,
    }
}

/// Whose token the route takes.
fn token(route: &Route) -> &'static str {
    if route.path.contains("/admin/") { "<service>" } else { "<access>" }
}

fn call(route: &Route, path: &str, body: Option<&str>) -> Case {
    let call = match body {
        Some(body) => Case::json(route.verb, path, body),
        None => Case::new(route.verb, path),
    };
    call.bearer(token(route))
}

fn wrong_lines(route: &Route) -> Vec<Case> {
    let at = path(route, Some(NOBODY));
    let body = route.has_body.then_some(r#"{"nope":1}"#);
    let mut cases: Vec<Case> =
        METHODS.iter().filter(|method| **method != route.verb).map(|method| Case::new(method, &at)).collect();
    let (start, last) = at.rsplit_once('/').unwrap();
    let (first, rest) = last.split_at(1);
    let encoded = format!("{start}/%{:02x}{rest}", first.as_bytes()[0]);
    for at in [format!("{at}/"), format!("/{at}"), at.to_uppercase(), format!("{at}%20"), encoded, format!("{at}:x")] {
        cases.push(call(route, &at, body));
    }
    for query in ["nope=1", "%ff=1", "&&", "nope=1&nope=1"] {
        cases.push(call(route, &format!("{at}?{query}"), body));
    }
    cases
}

fn wrong_variables(route: &Route) -> Vec<Case> {
    if !route.path.contains('{') {
        return Vec::new();
    }
    let values = [NOBODY, "x", "%20", "%00", "%ff", "a%2Fb", "a%252Fb", "..%2f", "%C3%A9", "a:b", "a+b", "a;b", "a,b"];
    let empty = route.has_body.then_some("{}");
    let mut cases: Vec<Case> = values.map(|value| call(route, &path(route, Some(value)), empty)).into();
    for name in ["user_id", "userId", "session_id", "sessionId"] {
        let at = path(route, Some(NOBODY));
        cases.push(call(route, &format!("{at}?{name}={NOBODY}"), empty));
        for value in [NOBODY, "", "x"] {
            let text = format!(r#"{{"{name}":"{value}"}}"#);
            cases.push(call(route, &at, route.has_body.then_some(&text)));
        }
    }
    cases
}

fn wrong_fields(route: &Route) -> Vec<Case> {
    let fields: Vec<FieldDescriptor> = route.input.fields().collect();
    let at = path(route, Some(NOBODY));
    if !route.has_body {
        let values = ["", "x", "-1", "1.5", "%ff", "true", "null", "[]"];
        let queries = fields.iter().flat_map(|field| values.map(|value| format!("{at}?{}={value}", field.name())));
        return queries.map(|at| call(route, &at, None)).collect();
    }
    let values =
        [json!(1), json!(true), json!("x"), json!(""), json!([]), json!([null]), json!({}), json!([{}, "x", 1])];
    let mut bodies: Vec<String> =
        fields.iter().flat_map(|field| values.iter().map(|value| json!({field.name(): value}).to_string())).collect();
    for field in route.texts() {
        let text = text(&field);
        for value in [format!("{}x", text.longest), format!("{}\u{7}", text.valid)] {
            bodies.push(json!({field.name(): value}).to_string());
        }
        bodies.push(format!(r#"{{"{0}":"a","{0}":"b"}}"#, field.name()));
        bodies.push(format!(r#"{{"{}":"a","{}":"b"}}"#, field.name(), field.json_name()));
    }
    bodies.extend(["{", "null", "[]", "{\"nope\":{}}", "\u{feff}{}"].map(str::to_owned));
    // Each breaks a rule of the gateway's or of the service's own: nothing is done.
    let mut cases: Vec<Case> = bodies.iter().map(|body| call(route, &at, Some(&spoiled(body)))).collect();
    cases.push(Case::new(route.verb, &at).bearer(token(route)).body("{}"));
    cases.push(Case::new(route.verb, &at).header("content-type", "text/plain").body("{}"));
    cases
}

/// With a member that no request has, at the end.
fn spoiled(body: &str) -> String {
    match body.strip_suffix('}') {
        Some(start) if start.len() > 1 => format!("{start},\"spoiled\":1}}"),
        _ => body.to_owned(),
    }
}

fn wrong_callers(route: &Route) -> Vec<Case> {
    let body = filled(route);
    let call = || match &body {
        Some(body) => Case::json(route.verb, path(route, None), body),
        None => Case::new(route.verb, path(route, None)),
    };
    let other = if token(route) == "<access>" { "<service>" } else { "<access>" };
    let tokens = ["x", "<refresh>", "a.b.c", other];
    let anonymous = [call(), call().header("authorization", "Basic eDp4"), call().header("accept-language", "ja")];
    anonymous.into_iter().chain(tokens.map(|token| call().bearer(token))).collect()
}

/// A body with a value for each field.
fn filled(route: &Route) -> Option<String> {
    let fields = route.texts().into_iter().filter(|field| !route.path.contains(&format!("{{{}}}", field.name())));
    let members: Map<String, Value> =
        fields.map(|field| (field.name().to_owned(), Value::from(text(&field).valid))).collect();
    route.has_body.then(|| Value::Object(members).to_string())
}

/// Twice, for the second may find nothing left to do.
fn right(route: &Route) -> Vec<Case> {
    let at = path(route, None);
    let empty = call(route, &at, route.has_body.then_some("{}"));
    let full = call(route, &at, filled(route).as_deref());
    vec![full.clone(), full, empty.clone(), empty.header("accept-language", "ja")]
}
