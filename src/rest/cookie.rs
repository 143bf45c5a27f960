//! Browser mode: the refresh token in a cookie that no script can read.
//!
//! A caller asks for it with `x-sekisho-cookie: 1`. The header is the guard
//! against forged requests as well: no form can send it, and a script of another
//! origin only where CORS lets it. Without the header no cookie is looked at.
//!
//! What holds a token is told by its name: any RPC with a field `refresh_token`
//! takes part, whatever it is for.

use std::time::Duration;

use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use prost_reflect::{Cardinality, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};
use tonic::Status;

use super::{binding::Binding, fault::Faults};
use crate::error::{Error, Reason, Rule, status::reason_of};

/// The header that asks for browser mode.
pub const COOKIE_MODE: HeaderName = HeaderName::from_static("x-sekisho-cookie");

/// `__Host-`: a browser takes it over TLS only, and no other host can set it
/// (RFC 6265bis, section 4.1.3.2).
const NAME: &str = "__Host-sekisho_refresh";
const FIELD: &str = "refresh_token";
/// What is longer was never a token, and is none of ours.
const MAX_LENGTH: usize = 256;

/// How refresh tokens are kept in browsers.
#[derive(Clone, Copy, Debug)]
pub struct RefreshCookie {
    max_age: Duration,
}

impl RefreshCookie {
    /// A cookie that the browser drops when it was not renewed for so long.
    pub const fn lasting(max_age: Duration) -> Self {
        Self { max_age }
    }

    /// What a call with these headers brings; `None` if it does not ask for it.
    pub(super) fn open(self, headers: &HeaderMap) -> Option<Jar> {
        is_asked_for(headers).then(|| Jar { max_age: self.max_age, tokens: tokens(headers) })
    }
}

/// The cookies of one call in browser mode.
pub(super) struct Jar {
    max_age: Duration,
    /// More than one only where something has been tampered with.
    tokens: Vec<String>,
}

impl Jar {
    /// Says the token where the message says none. Of two, nobody knows which one
    /// was meant.
    pub(super) fn present(&self, binding: &Binding, message: &mut DynamicMessage, faults: &mut Faults) {
        let (Some(field), [token, more @ ..]) = (&binding.token_presented, self.tokens.as_slice()) else { return };
        if more.is_empty() && !message.has_field(field) {
            message.set_field(field, Value::String(token.clone()));
        } else {
            faults.add(FIELD, Rule::Repeated);
        }
    }

    /// The cookie to set after a success, which takes the token out of the answer.
    pub(super) fn keep(&self, binding: &Binding, answer: &mut DynamicMessage) -> Result<Option<HeaderValue>, Error> {
        let Some(field) = &binding.token_granted else {
            return self.discard_if(self.was_used(binding));
        };
        let token = answer.get_field(field).as_str().unwrap_or_default().to_owned();
        answer.clear_field(field);
        if token.is_empty() { Ok(None) } else { set(&token, self.max_age).map(Some) }
    }

    /// The cookie to set after a refusal: that of a dead token goes. What another
    /// tab has put in its place meanwhile would go with it, so nothing else does.
    pub(super) fn refused(&self, binding: &Binding, status: &Status) -> Result<Option<HeaderValue>, Error> {
        let is_dead = reason_of(status).is_some_and(Reason::is_dead_token);
        self.discard_if(is_dead && self.was_used(binding))
    }

    fn was_used(&self, binding: &Binding) -> bool {
        binding.token_presented.is_some() && !self.tokens.is_empty()
    }

    fn discard_if(&self, is_over: bool) -> Result<Option<HeaderValue>, Error> {
        is_over.then(|| set("", Duration::ZERO)).transpose()
    }
}

/// The field of a message that holds a refresh token.
pub(super) fn token_field(message: &MessageDescriptor) -> Option<FieldDescriptor> {
    let is_text =
        |field: &FieldDescriptor| field.kind() == Kind::String && field.cardinality() != Cardinality::Repeated;
    message.get_field_by_name(FIELD).filter(is_text)
}

fn is_asked_for(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(COOKIE_MODE).iter();
    values.next().is_some_and(|value| value == "1") && values.next().is_none()
}

/// In HTTP/2 each cookie may have a line of its own (RFC 9113, section 8.2.3).
fn tokens(headers: &HeaderMap) -> Vec<String> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let cookies = lines.flat_map(Cookie::split_parse).flatten().filter(|cookie| cookie.name() == NAME);
    let values = cookies.map(|cookie| cookie.value().to_owned());
    values.filter(|value| (1..=MAX_LENGTH).contains(&value.len())).collect()
}

fn set(token: &str, max_age: Duration) -> Result<HeaderValue, Error> {
    let max_age = time::Duration::try_from(max_age).map_err(Error::internal)?;
    let cookie = Cookie::build((NAME, token))
        .http_only(true)
        .secure(true)
        .same_site(SameSite::Strict)
        .path("/")
        .max_age(max_age)
        .build();
    let mut value = HeaderValue::try_from(cookie.to_string()).map_err(Error::internal)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    /// R69.
    #[test]
    fn a_cookie_says_all_that_keeps_it() {
        let wanted = "__Host-sekisho_refresh=skr_x; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=60";
        assert_eq!(set("skr_x", Duration::from_secs(60)).unwrap(), wanted);
        let gone = "__Host-sekisho_refresh=; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=0";
        assert_eq!(set("", Duration::ZERO).unwrap(), gone);
    }

    #[test]
    fn only_the_one_value_asks() {
        assert!(is_asked_for(&headers(&[("x-sekisho-cookie", "1")])));
        for value in ["", "0", "2", "true", "1,1", "1, 1", "01", "é"] {
            assert!(!is_asked_for(&headers(&[("x-sekisho-cookie", value)])), "{value}");
        }
        assert!(!is_asked_for(&headers(&[("x-sekisho-cookie", "1"), ("x-sekisho-cookie", "1")])));
        assert!(!is_asked_for(&headers(&[])));
    }

    #[test]
    fn cookies_are_found_by_their_exact_name() {
        let long = format!("__Host-sekisho_refresh={}", "x".repeat(MAX_LENGTH + 1));
        for (lines, wanted) in [
            (&["__Host-sekisho_refresh=a"][..], &["a"][..]),
            (&["a=b; __Host-sekisho_refresh=a; c=d"], &["a"]),
            (&["a=b", "__Host-sekisho_refresh=a"], &["a"]),
            (&["a=b;__Host-sekisho_refresh=a=b"], &["a=b"]),
            (&["__Host-sekisho_refresh=a; __Host-sekisho_refresh=b"], &["a", "b"]),
            (&["__Host-sekisho_refresh=a", "__Host-sekisho_refresh=b"], &["a", "b"]),
            (&["__host-sekisho_refresh=a"], &[]),
            (&["sekisho_refresh=a; x__Host-sekisho_refresh=b"], &[]),
            (&["__Host-sekisho_refresh"], &[]),
            (&["__Host-sekisho_refresh="], &[]),
            (&[long.as_str()], &[]),
            (&["é; __Host-sekisho_refresh=a"], &[]),
            (&["", ";", "=", "=;=;"], &[]),
        ] {
            let lines: Vec<_> = lines.iter().map(|line| ("cookie", *line)).collect();
            assert_eq!(tokens(&headers(&lines)), wanted, "{lines:?}");
        }
    }
}
