//! Request lines that lead somewhere, or nowhere.

use super::{
    case::Case,
    differences::{APP, BYTES, Difference, FRAGMENT, NOT_HTTP, OPENAPI},
};

const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "get"];

const PATHS: [&str; 31] = [
    "*",
    "/api",
    "/api/v1/user/profile",
    "/api/v1/user/profile?",
    "/api/v1/user/profile/",
    "/api/v1/user/profile//",
    "//api/v1/user/profile",
    "/api//v1/user/profile",
    "/api/v1/user/./profile",
    "/api/v1/user/../user/profile",
    "/api/v1/user/%2e%2e/user/profile",
    "/api/v1%2fuser/profile",
    "/api/v1/user/%70rofile",
    "/API/v1/user/profile",
    "/api/v1/user/profile%00",
    "/api/v1/user/profile;x=1",
    "/api/v1/user/profile:go",
    "/api\\v1\\user\\profile",
    "/healthz",
    "/.well-known/jwks.json",
    "/sekisho.v1.UserService/GetProfile",
    "http://other.example/api/v1/user/profile",
    "/api/v1/auth/sessions/",
    "/api/v1/auth/sessions/.",
    "/api/v1/auth/sessions/%2e",
    "/api/v1/auth/sessions/a%2Fb",
    "/api/v1/auth/sessions/a%252Fb",
    "/api/v1/auth/sessions/a:b",
    "/api/v1/auth/sessions/%ff",
    "/api/v1/auth/sessions/%C3%A9",
    "/api/v1/auth/sessions/logout-all",
];

const DIFFERENT: [(&[u8], &Difference); 7] = [
    (b"/openapi.json", &OPENAPI),
    (b"nowhere", &NOT_HTTP),
    (b"/%zz", &NOT_HTTP),
    (b"/api/v1/auth/sessions/%zz", &NOT_HTTP),
    (b"/api/v1/auth/sessions/a b", &NOT_HTTP),
    (b"/api/v1/user/profile#x", &FRAGMENT),
    (b"/api/v1/auth/sessions/\xe9", &BYTES),
];

pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = PATHS.iter().flat_map(|path| METHODS.map(|method| Case::new(method, path))).collect();
    for (path, difference) in DIFFERENT {
        cases.extend(["GET", "POST", "DELETE"].map(|method| Case::new(method, path).differs(difference)));
    }
    for method in METHODS {
        let case = Case::new(method, "/");
        cases.push(if matches!(method, "GET" | "HEAD") { case.differs(&APP) } else { case });
    }
    cases.push(Case::new("GET", "/api/v1/user/profile").without_host().differs(&NOT_HTTP));
    cases.push(Case::new("BREW", "/api/v1/user/profile"));
    cases.push(Case::new("CONNECT", "example.com:443"));
    cases
}
