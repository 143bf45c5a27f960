//! Requests that no well-behaved client sends.

use reqwest::header::HeaderMap;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::support::TestApp;

/// A caller that writes its own frames.
pub struct Frames {
    client: reqwest::Client,
    base: String,
    access: String,
    /// Of a service that may administer accounts.
    service: String,
}

impl Frames {
    /// With an access token, over HTTP/2.
    pub async fn new(app: &TestApp, access: &str) -> Self {
        let secret = app.service("back-office", "accounts:admin").await;
        let service = app.ask_service_token("back-office", &secret, None).await.unwrap().access_token;
        let client = reqwest::Client::builder().http2_prior_knowledge().build().unwrap();
        Self { client, base: app.base(), access: access.to_owned(), service }
    }

    /// A REST call, to be sent or changed. Over HTTP/2 an early refusal does not
    /// cut off whoever is still sending.
    pub fn rest(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.base);
        let is_for_services = path.contains("/admin/") || path.contains("AdminService");
        let access = if is_for_services { &self.service } else { &self.access };
        self.client.request(method.parse().unwrap(), url).bearer_auth(access)
    }

    /// A gRPC call, to be sent or changed.
    pub fn request(&self, path: &str) -> reqwest::RequestBuilder {
        self.rest("POST", path).header("content-type", "application/grpc").header("te", "trailers")
    }

    /// Sends bytes in the place of frames.
    pub async fn send(&self, path: &str, body: impl Into<reqwest::Body>) -> Status {
        status(self.request(path).body(body).send().await.unwrap().headers())
    }

    /// Sends bytes in the place of a message.
    pub async fn message(&self, path: &str, message: &[u8]) -> Status {
        self.send(path, frame(0, message)).await
    }
}

/// The status of an answer. That of a success comes after its message, where
/// this caller does not look.
pub fn status(headers: &HeaderMap) -> Status {
    Status::from_header_map(headers).unwrap_or_else(|| Status::new(Code::Ok, ""))
}

/// A message behind its flag and its length.
pub fn frame(flag: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[flag], &length[..], message].concat()
}

/// The code and the reason of a refusal.
pub fn refusal(status: &Status) -> (Code, String) {
    (status.code(), status.get_details_error_info().map(|info| info.reason).unwrap_or_default())
}

/// The fields that a refusal names, each with its reason.
pub fn fields(status: &Status) -> Vec<(String, String)> {
    let named = status.get_details_bad_request().map(|request| request.field_violations).unwrap_or_default();
    named.into_iter().map(|violation| (violation.field, violation.reason)).collect()
}

/// Sends bytes over TCP and returns all that comes back. What was not read of
/// the request may cut the answer's connection: then it is what came before.
pub async fn raw(app: &TestApp, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(app.app.listen).await.unwrap();
    // The service may have answered and gone before it was sent everything.
    let _ = stream.write_all(request).await;
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        answer.extend_from_slice(&buffer[..read]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of what [`raw`] returned; `None` where there was no answer.
pub fn http_status(answer: &str) -> Option<u16> {
    answer.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}
