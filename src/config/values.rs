//! From the text of one setting to its value, or to what is wrong with it.

use std::{net::SocketAddr, ops::RangeInclusive, str::FromStr, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use zeroize::Zeroizing;

use super::{SecretBytes, SecretText};
use crate::{
    mail::smtp,
    storage::{
        limits::Rate,
        sql::{Bounds, Location},
    },
};

const MIN_KEY_BYTES: usize = 32;

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "must be an IP address and a port, such as 0.0.0.0:8080".to_owned())
}

pub(super) fn location(text: &str, bounds: Bounds) -> Result<Location, String> {
    Location::parse(text, bounds).ok_or_else(|| "must be sqlite:// and a file, or postgres:// and a server".to_owned())
}

pub(super) fn key_bytes(text: &str) -> Result<SecretBytes, String> {
    let bytes = BASE64.decode(text).map(Zeroizing::new).map_err(|_| "must be base64".to_owned())?;
    if bytes.len() < MIN_KEY_BYTES {
        return Err(format!("must be at least {MIN_KEY_BYTES} bytes, as from: openssl rand -base64 32"));
    }
    if bytes.iter().all(|byte| *byte == bytes[0]) {
        return Err("is the same byte over and over".to_owned());
    }
    Ok(SecretBytes(bytes))
}

pub(super) fn issuer(text: &str) -> Result<String, String> {
    let is_url = text.parse::<http::Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() && uri.query().is_none()
    });
    if is_url { Ok(text.to_owned()) } else { Err("must be an http or https URL without a query".to_owned()) }
}

pub(super) fn number<T: FromStr + PartialOrd + std::fmt::Display>(
    text: &str,
    range: RangeInclusive<T>,
) -> Result<T, String> {
    let number = text.parse::<T>().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()))
}

pub(super) fn seconds(text: &str, range: RangeInclusive<u64>) -> Result<Duration, String> {
    number(text, range).map(Duration::from_secs)
}

pub(super) fn milliseconds(text: &str, range: RangeInclusive<u64>) -> Result<Duration, String> {
    number(text, range).map(Duration::from_millis)
}

pub(super) fn one_line(text: &str, max_length: usize) -> Result<String, String> {
    let is_plain = text.len() <= max_length && text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_plain {
        Ok(text.to_owned())
    } else {
        Err(format!("must be at most {max_length} ASCII characters without space"))
    }
}

pub(super) fn rate(text: &str) -> Result<Rate, String> {
    let problem = || "must be number/seconds, such as 5/300".to_owned();
    let (count, per) = text.split_once('/').ok_or_else(problem)?;
    let count = number(count, 1..=100_000).map_err(|_| problem())?;
    let per = seconds(per, 1..=86_400).map_err(|_| problem())?;
    Ok(Rate { count, per })
}

pub(super) fn flag(text: &str) -> Result<bool, String> {
    one_of(text, &[("true", true), ("false", false)])
}

pub(super) fn one_of<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        format!("must be one of: {}", words.join(", "))
    })
}

pub(super) fn smtp_url(text: &str) -> Result<SecretText, String> {
    if !(text.starts_with("smtp://") || text.starts_with("smtps://")) {
        return Err("must begin with smtp:// or smtps://".to_owned());
    }
    smtp::check(text).map_err(|error| error.to_string())?;
    Ok(SecretText(Zeroizing::new(text.to_owned())))
}

/// Ours from that level on; of the libraries warnings only, for at lower levels
/// they print what they send and receive.
pub(super) fn log_filter(text: &str) -> Result<String, String> {
    let levels = ["error", "warn", "info", "debug", "trace"].map(|level| (level, level));
    let level = one_of(text, &levels)?;
    let libraries = if level == "error" { level } else { "warn" };
    Ok(format!("{libraries},sekisho={level},sekisho_interceptor={level}"))
}
