//! Scripts of other origins, and browser mode.

use super::{case::Case, differences::COOKIES};

pub const ORIGINS: &str = "https://app.example.com, http://localhost:3000";

const SENT: [&str; 9] = [
    "https://app.example.com",
    "http://localhost:3000",
    "https://APP.example.com",
    "https://app.example.com/",
    "https://app.example.com.evil.example",
    "http://app.example.com",
    "null",
    "*",
    "",
];

pub fn cases() -> Vec<Case> {
    let paths = ["/api/v1/auth/login", "/api/v1/user/profile", "/nowhere", "/.well-known/jwks.json"];
    paths.iter().flat_map(|path| SENT.iter().flat_map(|origin| of_origin(path, origin))).collect()
}

fn of_origin(path: &str, origin: &str) -> [Case; 5] {
    let from = |method| Case::new(method, path).header("origin", origin);
    let preflight = |method: &str, headers: &str| {
        let asked = from("OPTIONS").header("access-control-request-method", method);
        asked.header("access-control-request-headers", headers)
    };
    [
        from("GET"),
        from("POST"),
        from("OPTIONS"),
        preflight("POST", "content-type,authorization"),
        preflight("BREW", "x-evil"),
    ]
}

/// The one account is `<email>`.
pub fn with_cookies() -> Vec<Case> {
    let login =
        r#"{"email":"<email>","password":"correct horse battery staple","client_id":"laptop","device_name":"d"}"#;
    let asked = |path: &str, body: &str| Case::json("POST", path, body).header("x-sekisho-cookie", "1");
    let refresh = r#"{"client_id":"laptop"}"#;
    vec![
        asked("/api/v1/auth/login", login).differs(&COOKIES),
        asked("/api/v1/auth/refresh", refresh).header("cookie", "__Host-sekisho_refresh=<refresh>").differs(&COOKIES),
        // The setting is of the other surface alone, and so is the permission.
        Case::new("OPTIONS", "/api/v1/auth/login").differs(&COOKIES),
    ]
}
