//! What callers say in headers: who they are, what they want, and what they may not say.

use super::{
    case::Case,
    differences::{HEADERS, TOKEN},
};

const HARMLESS: [(&str, &str); 65] = [
    ("authorization", ""),
    ("authorization", "Bearer"),
    ("authorization", "Bearer "),
    ("authorization", "Bearer x"),
    ("authorization", "bearer <access>"),
    ("authorization", "Bearer  <access>"),
    ("authorization", "Bearer <access> "),
    ("authorization", "Bearer <access>, Bearer <access>"),
    ("authorization", "Basic eDp4"),
    ("proxy-authorization", "Bearer <access>"),
    ("x-authorization", "Bearer <access>"),
    ("grpc-metadata-authorization", "Bearer <access>"),
    ("grpcgateway-authorization", "Bearer <access>"),
    ("grpc-metadata-grpcgateway-authorization", "Bearer <access>"),
    ("grpc-metadata-x-http-code", "299"),
    ("x-http-code", "299"),
    ("grpc-metadata-x-request-id", "forged"),
    ("grpc-metadata-x-forwarded-for", "192.0.2.7"),
    ("grpc-metadata-accept-language", "ja"),
    ("grpcgateway-accept-language", "ja"),
    ("grpc-metadata-foo-bin", "!!!"),
    ("foo-bin", "!!!"),
    ("grpc-status", "0"),
    ("grpc-status-details-bin", "!!!"),
    ("grpc-encoding", "gzip"),
    ("grpc-accept-encoding", "gzip"),
    ("grpc-timeout", "10S"),
    ("grpc-timeout", "99999999H"),
    ("grpc-timeout", "0S"),
    ("grpc-timeout", "00n"),
    ("grpc-timeout", "100000000S"),
    ("grpc-timeout", "-1S"),
    ("grpc-timeout", "1.5S"),
    ("grpc-timeout", "1s"),
    ("grpc-timeout", "x"),
    ("grpc-timeout", ""),
    ("x-http-method-override", "DELETE"),
    ("x-http-method", "DELETE"),
    ("x-method-override", "DELETE"),
    ("accept", "text/html"),
    ("accept", "application/x-protobuf"),
    ("accept", ";;;"),
    ("accept-encoding", "gzip, br"),
    ("te", "trailers"),
    ("if-none-match", "*"),
    ("range", "bytes=0-3"),
    ("cookie", "__Host-sekisho_refresh=<refresh>"),
    ("x-sekisho-cookie", "1"),
    ("origin", "https://app.example.com"),
    ("x-original-url", "/api/v1/nowhere"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-prefix", "/nowhere"),
    ("x-request-id", "one-1_2.3"),
    ("x-request-id", "with a space"),
    ("x-request-id", ""),
    ("x-request-id", "é"),
    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    ("traceparent", "junk"),
    ("tracestate", "a=b"),
    ("x-long", LONG),
    ("user-agent", ""),
    ("user-agent", "Browser/1 (é)"),
    ("forwarded", "for=192.0.2.7"),
    ("x-forwarded-for", "192.0.2.7, é"),
    ("priority", "u=1"),
];

const LONG: &str = concat!("0123456789abcdef0123456789abcdef", "0123456789abcdef0123456789abcdef");

const LANGUAGES: [&str; 14] = [
    "ja",
    "ja-JP,en;q=0.9",
    "JA",
    "fr, en;q=0.4, ja;q=0.8",
    "en-GB,ja",
    "ja;q=0",
    "ja;q=much",
    "ja;q=inf,en",
    "ja;q=nan",
    "en;q=1e999,ja",
    "ja; q=0.5, en;q=0.4",
    "*",
    ";q=;;;",
    "é,ja",
];

pub fn cases() -> Vec<Case> {
    let languages = LANGUAGES.iter().map(|list| ("accept-language", *list));
    let mut cases: Vec<Case> = HARMLESS.into_iter().chain(languages).flat_map(on_every_kind_of_call).collect();
    let profile = || Case::new("GET", "/api/v1/user/profile");
    for pair in [
        [("authorization", "Bearer <access>"), ("authorization", "Bearer x")],
        [("authorization", "Bearer x"), ("authorization", "Bearer <access>")],
        [("authorization", "Bearer x"), ("grpc-metadata-authorization", "Bearer <access>")],
        [("accept-language", "ja"), ("accept-language", "en")],
        [("x-request-id", "first"), ("x-request-id", "second")],
    ] {
        cases.push(profile().headers(&pair));
    }
    for size in [8, 10, 11, 12] {
        cases.push(profile().bearer(&"x".repeat(size * 1024)));
        cases.push(profile().header("x-long", "x".repeat(size * 1024)));
    }
    for size in [15, 16, 18, 30, 60, 100] {
        cases.push(profile().bearer(&"x".repeat(size * 1024)).differs(&HEADERS));
    }
    cases.push(profile().header("authorization", "Bearer é").differs(&TOKEN));
    cases
}

/// One that anybody may make, one for who is signed in, and one of nobody.
fn on_every_kind_of_call((name, value): (&str, &str)) -> [Case; 4] {
    let login = r#"{"email":"<email>","password":"wrong but long enough","client_id":"laptop"}"#;
    let listed = Case::new("GET", "/api/v1/auth/sessions").header(name, value);
    [
        Case::json("POST", "/api/v1/auth/login", login).header(name, value),
        if name == "authorization" { listed } else { listed.bearer("<access>") },
        Case::new("GET", "/api/v1/user/profile").header(name, value),
        Case::new("PUT", "/api/v1/nowhere").header(name, value),
    ]
}
