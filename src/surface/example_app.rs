//! The app that `sekisho dev` serves at `/`: `examples/web` in its built form.
//! `npm --prefix examples/web run build` makes `examples/web/built` anew.

use axum::body::Body;
use http::{HeaderValue, Method, Request, Response, header};

use super::browser;

/// It loads and calls what comes from here, and nothing inline.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// What a browser asks for, what it is, and the bytes.
struct File(&'static str, HeaderValue, &'static [u8]);

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const SCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");
const STYLE: HeaderValue = HeaderValue::from_static("text/css; charset=utf-8");
const IMAGE: HeaderValue = HeaderValue::from_static("image/svg+xml");

static FILES: [File; 4] = [
    File("/", HTML, include_bytes!("../../examples/web/built/index.html")),
    File("/app.js", SCRIPT, include_bytes!("../../examples/web/built/app.js")),
    File("/index.css", STYLE, include_bytes!("../../examples/web/built/index.css")),
    File("/icon.svg", IMAGE, include_bytes!("../../examples/web/built/icon.svg")),
];

/// The files of the app. **Development only**: a service has no pages.
#[derive(Clone, Copy)]
pub(super) struct ExampleApp {
    /// Whether callers come by TLS only.
    pub(super) is_secure: bool,
}

impl ExampleApp {
    /// The file, if one is asked for.
    pub(super) fn answer(self, request: &Request<Body>) -> Option<Response<Body>> {
        let is_head = request.method() == Method::HEAD;
        if !is_head && request.method() != Method::GET {
            return None;
        }
        let File(_, content_type, bytes) = FILES.iter().find(|File(path, ..)| *path == request.uri().path())?;
        let mut response = Response::new(if is_head { Body::empty() } else { Body::from(*bytes) });
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, content_type.clone());
        headers.insert(header::CONTENT_LENGTH, bytes.len().into());
        browser::protect(headers, self.is_secure);
        headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
        Some(response)
    }
}
