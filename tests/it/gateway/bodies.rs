//! Bodies as a whole, and their types.

use super::{case::Case, differences::GRPC};

const LOGIN: &str = "/api/v1/auth/login";
const LIMIT: usize = 64 * 1024;
const VALID: &str = r#"{"email":"nobody@example.com","password":"correct horse battery","client_id":"laptop"}"#;

pub fn cases() -> Vec<Case> {
    let texts = texts().into_iter().map(|text| Case::json("POST", LOGIN, text));
    texts.chain(types()).chain(framed()).collect()
}

fn texts() -> Vec<Vec<u8>> {
    let nested = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    let members: String = (0..50).map(|n| format!("\"m{n}\":0,")).collect();
    let texts = [
        String::new(),
        "{".to_owned(),
        "}".to_owned(),
        "null".to_owned(),
        "true".to_owned(),
        "7".to_owned(),
        "\"text\"".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        VALID.to_owned(),
        format!(" \t\r\n{VALID} "),
        format!("[{VALID}]"),
        format!("{VALID}{VALID}"),
        format!("{VALID}\0"),
        format!("\u{feff}{VALID}"),
        format!("/* */{VALID}"),
        VALID.replace('"', "'"),
        VALID.replace('}', ",}"),
        "{\"email\":NaN}".to_owned(),
        "{\"email\":1e999}".to_owned(),
        "{\"email\":-1e999}".to_owned(),
        "{\"email\":1e-999}".to_owned(),
        "{\"email\":-0}".to_owned(),
        "{\"email\":01}".to_owned(),
        "{\"email\":12345678901234567890123}".to_owned(),
        "{\"email\":\"a\nb\"}".to_owned(),
        r#"{"email":"\u0000"}"#.to_owned(),
        r#"{"email":"\ud800"}"#.to_owned(),
        r#"{"email":"\udc00\ud800"}"#.to_owned(),
        r#"{"email":"\ud83d\ude00"}"#.to_owned(),
        r#"{"\ud800":1}"#.to_owned(),
        r#"{"email":null,"email":null}"#.to_owned(),
        r#"{"\u0065mail":"a","email":"b"}"#.to_owned(),
        r#"{"email":"a","EMAIL":"b"}"#.to_owned(),
        r#"{"clientId":"a","client_id":"b"}"#.to_owned(),
        r#"{"email":null,"password":1,"clientId":[],"deviceName":{"a":1},"x":1,"x":2,"a b":1,"":1}"#.to_owned(),
        r#"{"a b\u202e":1,"é":2,"<&>":3}"#.to_owned(),
        format!("{{\"{}\":1}}", "y".repeat(100)),
        format!("{{{members}\"last\":0}}"),
        nested(15),
        nested(16),
        nested(17),
        nested(2000),
        "[".repeat(LIMIT),
        padded(LIMIT),
        padded(LIMIT + 1),
        padded(LIMIT * 2),
    ];
    let mut texts: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).collect();
    texts.push(b"{\"email\":\"\xff\"}".to_vec());
    texts.push(b"{\"\xff\":1}".to_vec());
    texts
}

fn padded(size: usize) -> String {
    " ".repeat(size - VALID.len()) + VALID
}

fn types() -> Vec<Case> {
    let types = [
        "",
        "text/plain",
        "text/json",
        "application/jsonp",
        "application/json",
        "APPLICATION/JSON",
        "application/json;",
        "application/json; charset=utf-8",
        "application/json;charset=\"UTF-8\"",
        "application/json ; charset=utf-8",
        "application/json; charset=utf-16",
        "application/json; boundary=x",
        "application/json, application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/grpcx",
        "*/*",
    ];
    let typed = |kind: &&str| Case::new("POST", LOGIN).header("content-type", kind);
    let mut cases: Vec<Case> = types.iter().flat_map(|kind| [typed(kind).body(VALID), typed(kind)]).collect();
    cases.push(Case::new("POST", LOGIN).body(VALID));
    cases.push(Case::json("POST", LOGIN, VALID).header("content-type", "application/json"));
    cases.push(Case::json("POST", LOGIN, VALID).header("content-encoding", "gzip"));
    cases.push(Case::json("POST", LOGIN, VALID).header("content-encoding", "identity"));
    for kind in ["application/grpc", "application/grpc+proto", "application/grpc-web", "application/grpc-web-text"] {
        cases.push(typed(&kind).body(VALID).differs(&GRPC));
    }
    cases
}

/// In chunks, with a body where none is wanted, and with an expectation.
fn framed() -> Vec<Case> {
    let chunked = |method, path, body: &str| {
        let body = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        Case::json(method, path, body).header("transfer-encoding", "chunked")
    };
    vec![
        chunked("POST", LOGIN, VALID),
        chunked("POST", LOGIN, &padded(LIMIT)),
        chunked("POST", LOGIN, &padded(LIMIT + 1)),
        chunked("GET", "/api/v1/user/profile", "{}"),
        Case::json("GET", "/api/v1/user/profile", "{}"),
        Case::json("GET", "/.well-known/jwks.json", "{}"),
        Case::json("HEAD", "/.well-known/jwks.json", "{}"),
        Case::json("DELETE", "/api/v1/auth/sessions/x", "{}"),
        Case::json("POST", LOGIN, VALID).header("expect", "100-continue"),
        Case::json("POST", LOGIN, padded(LIMIT + 1)).header("expect", "100-continue"),
    ]
}
