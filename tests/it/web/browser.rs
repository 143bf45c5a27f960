//! A browser, as far as it decides which requests leave and who reads what comes
//! back (the Fetch standard, sections 3.2 and 4). It is one of the worst kind: it
//! sends its cookies whatever their SameSite says.

use std::collections::BTreeMap;

use reqwest::RequestBuilder;

use crate::support::{Answer, TestApp, http::send};

pub const COOKIE: &str = "__Host-sekisho_refresh";

pub struct Browser<'a> {
    app: &'a TestApp,
    pub cookies: BTreeMap<String, String>,
}

/// What a page asks for.
#[derive(Clone, Default)]
pub struct Fetch {
    method: String,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
    /// `credentials: "include"`
    has_credentials: bool,
}

/// What comes of it.
#[derive(Debug)]
pub enum Outcome {
    /// It was not sent.
    Blocked,
    /// It was sent, and the page learns nothing.
    Hidden(Answer),
    /// The page reads the answer.
    Read(Answer),
}

impl Fetch {
    pub fn new(method: &str, path: &str) -> Self {
        Self { method: method.to_owned(), path: path.to_owned(), ..Self::default() }
    }

    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn body(self, content_type: &str, body: &str) -> Self {
        Self { body: body.to_owned(), ..self.header("content-type", content_type) }
    }

    pub fn json(self, body: &serde_json::Value) -> Self {
        self.body("application/json", &body.to_string())
    }

    pub fn with_credentials(self) -> Self {
        Self { has_credentials: true, ..self }
    }

    pub fn in_cookie_mode(self) -> Self {
        self.with_credentials().header("x-sekisho-cookie", "1")
    }

    /// What needs a preflight.
    fn unsafe_headers(&self) -> Vec<&'static str> {
        let is_simple = |(name, value): &&(&'static str, String)| match *name {
            "accept" | "accept-language" | "content-language" => true,
            "content-type" => {
                let essence = value.split(';').next().unwrap().trim().to_ascii_lowercase();
                ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"].contains(&essence.as_str())
            }
            _ => false,
        };
        let mut names: Vec<_> = self.headers.iter().filter(|it| !is_simple(it)).map(|(name, _)| *name).collect();
        names.sort_unstable();
        names
    }

    fn has_simple_method(&self) -> bool {
        ["GET", "HEAD", "POST"].contains(&self.method.as_str())
    }
}

impl<'a> Browser<'a> {
    pub fn new(app: &'a TestApp) -> Self {
        Self { app, cookies: BTreeMap::new() }
    }

    /// A script's request from a page of an origin.
    pub async fn fetch(&mut self, origin: &str, fetch: Fetch) -> Outcome {
        let is_simple = fetch.has_simple_method() && fetch.unsafe_headers().is_empty();
        if !is_simple && !self.is_allowed(origin, &fetch).await {
            return Outcome::Blocked;
        }
        let answer = self.send(self.request(&fetch).header("origin", origin), fetch.has_credentials).await;
        if shares(&answer, origin, fetch.has_credentials) { Outcome::Read(answer) } else { Outcome::Hidden(answer) }
    }

    /// A form that is submitted, or a link that is followed: no script, no headers.
    pub async fn navigate(&mut self, origin: &str, fetch: Fetch) -> Answer {
        assert!(fetch.has_simple_method() && fetch.unsafe_headers().is_empty(), "no form sends that");
        self.send(self.request(&fetch).header("origin", origin).header("sec-fetch-mode", "navigate"), true).await
    }

    async fn is_allowed(&self, origin: &str, fetch: &Fetch) -> bool {
        let names = fetch.unsafe_headers();
        let preflight = self.app.request("OPTIONS", &fetch.path).header("origin", origin);
        let preflight = preflight.header("access-control-request-method", &fetch.method);
        let answer = send(preflight.header("access-control-request-headers", names.join(","))).await;
        let list = |name: &str| -> Vec<String> {
            let list = answer.header(name).unwrap_or_default().to_ascii_lowercase();
            list.split(',').map(|item| item.trim().to_owned()).collect()
        };
        let methods = list("access-control-allow-methods");
        let headers = list("access-control-allow-headers");
        (200..300).contains(&answer.status)
            && shares(&answer, origin, fetch.has_credentials)
            && (fetch.has_simple_method() || methods.contains(&fetch.method.to_ascii_lowercase()))
            && names.iter().all(|name| headers.contains(&(*name).to_owned()))
    }

    fn request(&self, fetch: &Fetch) -> RequestBuilder {
        let request = self.app.request(&fetch.method, &fetch.path).body(fetch.body.clone());
        fetch.headers.iter().fold(request, |request, (name, value)| request.header(*name, value))
    }

    async fn send(&mut self, mut request: RequestBuilder, has_credentials: bool) -> Answer {
        if has_credentials && !self.cookies.is_empty() {
            let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header("cookie", cookies.join("; "));
        }
        let answer = send(request).await;
        for cookie in answer.headers.get_all("set-cookie").iter().filter(|_| has_credentials) {
            self.keep(cookie.to_str().unwrap());
        }
        answer
    }

    fn keep(&mut self, cookie: &str) {
        let (pair, attributes) = cookie.split_once(';').unwrap();
        let (name, value) = pair.split_once('=').unwrap();
        if attributes.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }
}

fn shares(answer: &Answer, origin: &str, has_credentials: bool) -> bool {
    let is_shared = match answer.header("access-control-allow-origin") {
        Some("*") => !has_credentials,
        allowed => allowed == Some(origin),
    };
    is_shared && (!has_credentials || answer.header("access-control-allow-credentials") == Some("true"))
}

impl Outcome {
    #[track_caller]
    pub fn read(self) -> Answer {
        match self {
            Self::Read(answer) => answer,
            other => panic!("the page cannot read it: {other:?}"),
        }
    }
}
