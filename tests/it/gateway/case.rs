//! A request as it is sent, byte for byte.

use std::collections::BTreeMap;

use super::differences::Difference;

/// A request. `<name>` in it stands for what a side knows by the name.
#[derive(Clone)]
pub struct Case {
    line: Vec<u8>,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    with_host: bool,
    /// What is known to be different about its answers.
    pub difference: Option<&'static Difference>,
}

impl Case {
    pub fn new(method: &str, target: impl AsRef<[u8]>) -> Self {
        let line = [method.as_bytes(), b" ", target.as_ref()].concat();
        Self { line, headers: Vec::new(), body: Vec::new(), with_host: true, difference: None }
    }

    /// With JSON, or what should be.
    pub fn json(method: &str, target: impl AsRef<[u8]>, body: impl AsRef<[u8]>) -> Self {
        Self::new(method, target).header("content-type", "application/json").body(body)
    }

    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub fn headers(self, headers: &[(&str, &str)]) -> Self {
        headers.iter().fold(self, |case, (name, value)| case.header(name, value))
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    /// Without the header that HTTP/1.1 demands.
    pub fn without_host(mut self) -> Self {
        self.with_host = false;
        self
    }

    pub fn differs(mut self, difference: &'static Difference) -> Self {
        self.difference = Some(difference);
        self
    }

    /// What goes over the wire to a side that knows these.
    pub fn bytes(&self, known: &BTreeMap<&'static str, String>) -> Vec<u8> {
        let body = replace(&self.body, known);
        let mut headers = vec![("connection".to_owned(), b"close".to_vec())];
        if self.with_host {
            headers.push(("host".to_owned(), b"auth.example.com".to_vec()));
        }
        let is_framed = self.headers.iter().any(|(name, _)| name == "transfer-encoding");
        if !body.is_empty() && !is_framed {
            headers.push(("content-length".to_owned(), body.len().to_string().into_bytes()));
        }
        headers.extend(self.headers.iter().map(|(name, value)| (name.clone(), replace(value, known))));
        let mut bytes = [&replace(&self.line, known), &b" HTTP/1.1\r\n"[..]].concat();
        for (name, value) in headers {
            bytes.extend([name.as_bytes(), b": ", &value, b"\r\n"].concat());
        }
        [&bytes, &b"\r\n"[..], &body].concat()
    }

    /// The beginning of it, for people.
    pub fn name(&self) -> String {
        let bytes = self.bytes(&BTreeMap::new());
        bytes[..bytes.len().min(400)].escape_ascii().to_string()
    }
}

fn replace(bytes: &[u8], known: &BTreeMap<&'static str, String>) -> Vec<u8> {
    let Ok(text) = std::str::from_utf8(bytes) else { return bytes.to_vec() };
    known.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("<{name}>"), value)).into_bytes()
}
