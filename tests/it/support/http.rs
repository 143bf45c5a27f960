//! REST answers.

use reqwest::{RequestBuilder, header::HeaderMap};
use serde_json::Value;

/// A REST answer.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; null if it was empty.
    pub body: Value,
    /// The body, byte for byte.
    pub text: String,
}

/// Sends a request; the answer's body must be JSON or empty.
pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect(&text) };
    Answer { status, headers, body, text }
}

impl Answer {
    /// A header's text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The refresh token of an answer that has one.
    #[track_caller]
    pub fn refresh_token(&self) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        self.body["refresh_token"].as_str().expect("a refresh token").to_owned()
    }

    /// That it is a refusal with this status and reason.
    #[track_caller]
    pub fn refused(&self, status: u16, reason: &str) {
        assert_eq!((self.status, self.body["error"].as_str()), (status, Some(reason)), "{self:?}");
    }

    /// That a limit was met, and when the caller may come back.
    #[track_caller]
    pub fn limited_for(&self, seconds: u64) {
        self.refused(429, "rate_limit_exceeded");
        assert_eq!(self.header("retry-after"), Some(seconds.to_string().as_str()));
        assert_eq!(self.body["details"]["retry_after"], seconds);
    }

    /// That one field breaks one rule.
    #[track_caller]
    pub fn breaks(&self, field: &str, reason: &str) {
        self.refused(400, "validation_error");
        assert_eq!(self.fields(), [(field.to_owned(), reason.to_owned())]);
    }

    /// The fields that a validation error names, each with its reason.
    pub fn fields(&self) -> Vec<(String, String)> {
        let fields = self.body["details"]["fields"].as_array().cloned().unwrap_or_default();
        let text = |field: &Value, name: &str| field[name].as_str().unwrap_or_default().to_owned();
        fields.iter().map(|field| (text(field, "field"), text(field, "reason"))).collect()
    }
}
