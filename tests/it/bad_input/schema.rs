//! The RPCs, their routes and their fields, read from the descriptors: an RPC
//! that is added is tested without being named here.

use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor};
use sekisho::proto::DESCRIPTORS;

/// An RPC on one of its routes.
pub struct Route {
    /// `/package.Service/Method`
    pub rpc: String,
    pub verb: &'static str,
    /// With `{field}` where a value goes.
    pub path: String,
    /// Whether what is not in the path goes into a body of JSON, or else into the query.
    pub has_body: bool,
    pub input: MessageDescriptor,
}

/// Every route of every RPC.
pub fn routes() -> Vec<Route> {
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
    let option = pool.get_extension_by_name("google.api.http").unwrap();
    let rpcs = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    let bound = rpcs.filter(|rpc| rpc.options().has_extension(&option));
    bound
        .flat_map(|rpc| {
            let path = format!("/{}/{}", rpc.parent_service().full_name(), rpc.name());
            let rule = rpc.options().get_extension(&option).as_message().unwrap().clone();
            let route =
                move |(verb, at, has_body)| Route { rpc: path.clone(), verb, path: at, has_body, input: rpc.input() };
            patterns(&rule).into_iter().map(route).collect::<Vec<_>>()
        })
        .collect()
}

/// The routes whose fields are all in a JSON body.
pub fn with_body() -> Vec<Route> {
    let is_in_body = |route: &Route| matches!(route.verb, "POST" | "PUT") && !route.path.contains('{');
    routes().into_iter().filter(is_in_body).collect()
}

/// One route of each RPC.
pub fn rpcs() -> Vec<Route> {
    let mut routes = routes();
    routes.dedup_by(|next, first| next.rpc == first.rpc);
    routes
}

fn patterns(rule: &DynamicMessage) -> Vec<(&'static str, String, bool)> {
    const VERBS: [(&str, &str); 5] =
        [("get", "GET"), ("put", "PUT"), ("post", "POST"), ("delete", "DELETE"), ("patch", "PATCH")];
    let own = VERBS.into_iter().filter(|(field, _)| rule.has_field_by_name(field)).map(|(field, verb)| {
        let path = rule.get_field_by_name(field).unwrap();
        (verb, path.as_str().unwrap().to_owned(), rule.has_field_by_name("body"))
    });
    let more = rule.get_field_by_name("additional_bindings").unwrap();
    let more = more.as_list().unwrap().iter().flat_map(|rule| patterns(rule.as_message().unwrap()));
    own.chain(more).collect()
}

impl Route {
    /// Its fields of text.
    pub fn texts(&self) -> Vec<FieldDescriptor> {
        self.input.fields().filter(|field| field.kind() == Kind::String && !field.is_list()).collect()
    }

    /// Whether a path is of this route.
    pub fn fits(&self, path: &str) -> bool {
        let (own, given): (Vec<_>, Vec<_>) = (self.path.split('/').collect(), path.split('/').collect());
        let fits = |(own, given): (&&str, &&str)| own == given || own.starts_with('{');
        own.len() == given.len() && own.iter().zip(&given).all(fits)
    }
}

/// What the proto says of a field, by its name; what it says is the same
/// wherever the field is.
pub struct Text {
    /// A value that is taken.
    pub valid: &'static str,
    /// The longest that is taken.
    pub longest: String,
    /// Why one character more is not; `None` where that is for the answer to say.
    pub over: Option<&'static str>,
    /// Why a control character is not; `None` where a text that cannot be right
    /// is as good as a wrong one.
    pub control: Option<&'static str>,
    /// Why an empty text is not; `None` where it is taken.
    pub empty: Option<&'static str>,
}

/// # Panics
///
/// On a field that is new: say here what the proto says of it.
pub fn text(field: &FieldDescriptor) -> Text {
    let required =
        |valid, longest, over, control| Text { valid, longest, over: Some(over), control, empty: Some("REQUIRED") };
    let optional =
        |valid: &'static str, why| Text { empty: Some(why), ..required(valid, valid.to_owned(), why, Some(why)) };
    let name = || Text {
        control: Some("CONTROL_CHARACTER"),
        empty: None,
        ..required("Ada", "あ".repeat(100), "TOO_LONG", None)
    };
    match field.name() {
        "password" if field.parent_message().name() == "CheckPasswordRequest" => judged(),
        "email" | "new_email" => required("nobody@example.com", longest_email(), "TOO_LONG", Some("CONTROL_CHARACTER")),
        "password" | "current_password" | "new_password" => {
            required("correct horse battery", "あ".repeat(256), "TOO_LONG", Some("CONTROL_CHARACTER"))
        }
        "client_id" => required("laptop", "c".repeat(128), "TOO_LONG", Some("MALFORMED")),
        "code" => required("123456", "123456".to_owned(), "MALFORMED", Some("MALFORMED")),
        "refresh_token" => required("skr_nothing", "r".repeat(256), "TOO_LONG", None),
        "reset_token" => required("skp_nothing", "r".repeat(256), "TOO_LONG", None),
        "token" => required("ska_nothing", "r".repeat(256), "TOO_LONG", None),
        "session_id" => required(NO_SESSION, NO_SESSION.to_owned(), "MALFORMED", Some("MALFORMED")),
        "page_token" => {
            Text { empty: None, ..required("AAAAAAAAAAA", "AAAAAAAAAAA".to_owned(), "MALFORMED", Some("MALFORMED")) }
        }
        "user_id" if field.parent_message().name() == "ListEventsRequest" => optional(NO_SESSION, "MALFORMED"),
        "user_id" => required(NO_SESSION, NO_SESSION.to_owned(), "MALFORMED", Some("MALFORMED")),
        "kind" => optional("logged_out", "UNSUPPORTED"),
        "device_name" | "display_name" => name(),
        "locale" => optional("ja", "UNSUPPORTED"),
        other => panic!("what does the proto say of {other}?"),
    }
}

/// A password that is not chosen yet: what is wrong with it is the answer.
fn judged() -> Text {
    Text { valid: "correct horse battery", longest: "あ".repeat(256), over: None, control: None, empty: None }
}

const NO_SESSION: &str = "00000000-0000-4000-8000-000000000000";

fn longest_email() -> String {
    format!("{}@{}.{}.{}", "a".repeat(64), "b".repeat(63), "c".repeat(63), "d".repeat(61))
}
