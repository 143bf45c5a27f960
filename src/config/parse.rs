//! From texts to a valid [`Config`].

use std::{net::SocketAddr, ops::RangeInclusive, str::FromStr, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use sekisho_interceptor::Algorithm;
use zeroize::Zeroizing;

use super::{
    CodeRules, Config, Fault, Mode, SecretBytes, SecretText, SessionRules, Smtp, Source, Tokens, reader::Reader,
    redis::redis, settings::DEV_ISSUER,
};
use crate::{
    storage::{
        limits::Rate,
        sessions::SessionLimit,
        sql::{Bounds, Location},
    },
    telemetry::LogFormat,
};

const MIN_KEY_BYTES: usize = 32;
const YEAR: u64 = 31_536_000;

pub(super) fn config(mode: Mode, source: &Source) -> Result<Config, Vec<Fault>> {
    let mut reader = Reader::new(mode, source);
    let config = read(mode, &mut reader);
    cross_check(mode, config.as_ref(), &mut reader);
    match config {
        Some(config) if reader.faults.is_empty() => Ok(config),
        _ => Err(reader.faults),
    }
}

/// Reads every setting before it gives up on any, so that all faults are found.
fn read(mode: Mode, reader: &mut Reader<'_>) -> Option<Config> {
    let listen = reader.required("SEKISHO_LISTEN", address);
    let ops_listen = reader.required("SEKISHO_OPS_LISTEN", address);
    let database = database(reader);
    let redis = redis(reader);
    let secret = reader.required("SEKISHO_SECRET", key_bytes);
    let secret_previous = reader.optional("SEKISHO_SECRET_PREVIOUS", key_bytes);
    let tokens = tokens(reader);
    let sessions = session_rules(reader);
    let min_cost = if mode == Mode::Dev { 4 } else { 10 };
    let bcrypt_cost = reader.required("SEKISHO_BCRYPT_COST", |text| number(text, min_cost..=15));
    let codes = code_rules(reader);
    let limit_login = reader.required("SEKISHO_LIMIT_LOGIN", rate);
    let limit_code = reader.required("SEKISHO_LIMIT_CODE", rate);
    let smtp = smtp(mode, reader);
    let allowed_origins = reader.optional("SEKISHO_ALLOWED_ORIGINS", origins);
    let log = reader.required("SEKISHO_LOG", log_filter);
    let log_format = reader.required("SEKISHO_LOG_FORMAT", |text| {
        one_of(text, &[("json", LogFormat::Json), ("pretty", LogFormat::Pretty)])
    });
    let is_tls_terminated = reader.required("SEKISHO_TLS_TERMINATED", flag);
    if is_tls_terminated == Some(false) {
        reader.fault("SEKISHO_TLS_TERMINATED", "must be true: put a proxy that speaks TLS in front");
    }
    Some(Config {
        mode,
        listen: listen?,
        ops_listen: ops_listen?,
        database: database?,
        redis: redis?,
        secret: secret?,
        secret_previous: secret_previous?,
        tokens: tokens?,
        sessions: sessions?,
        bcrypt_cost: bcrypt_cost?,
        codes: codes?,
        limit_login: limit_login?,
        limit_code: limit_code?,
        smtp: smtp?,
        allowed_origins: allowed_origins?.unwrap_or_default(),
        log: log?,
        log_format: log_format?,
    })
}

fn database(reader: &mut Reader<'_>) -> Option<Location> {
    let timeout = reader.required("SEKISHO_DATABASE_TIMEOUT", |text| milliseconds(text, 50..=10_000));
    let connections = reader.required("SEKISHO_DATABASE_CONNECTIONS", |text| number(text, 1..=1000));
    // A fault in one of them is no reason not to look for one in the URL.
    let bounds = Bounds { timeout: timeout.unwrap_or_default(), connections: connections.unwrap_or_default() };
    reader.required("SEKISHO_DATABASE_URL", |text| location(text, bounds))
}

fn tokens(reader: &mut Reader<'_>) -> Option<Tokens> {
    let issuer = reader.required("SEKISHO_ISSUER", issuer);
    let audience = reader.required("SEKISHO_AUDIENCE", |text| Ok(text.to_owned()));
    let algorithm = reader.required("SEKISHO_JWT_ALG", |text| {
        Algorithm::parse(text).ok_or_else(|| "must be EdDSA, ES256, RS256 or HS256".to_owned())
    });
    let shared_key = reader.optional("SEKISHO_JWT_SECRET_KEY", key_bytes);
    let access_ttl = reader.required("SEKISHO_ACCESS_TTL", |text| seconds(text, 60..=3600));
    Some(Tokens {
        issuer: issuer?,
        audience: audience?,
        algorithm: algorithm?,
        shared_key: shared_key?,
        access_ttl: access_ttl?,
    })
}

fn session_rules(reader: &mut Reader<'_>) -> Option<SessionRules> {
    let idle = reader.required("SEKISHO_REFRESH_TTL", |text| seconds(text, 60..=YEAR));
    let max_age = reader.required("SEKISHO_SESSION_MAX_AGE", |text| seconds(text, 60..=YEAR));
    let grace = reader.required("SEKISHO_REFRESH_GRACE", |text| seconds(text, 0..=300));
    let end_on_client_mismatch =
        reader.required("SEKISHO_CLIENT_MISMATCH", |text| one_of(text, &[("revoke", true), ("refuse", false)]));
    let max = reader.required("SEKISHO_MAX_SESSIONS", |text| number(text, 0..=1000));
    let evicts = reader
        .required("SEKISHO_MAX_SESSIONS_POLICY", |text| one_of(text, &[("evict_oldest", true), ("refuse", false)]));
    let limit = match (max?, evicts?) {
        (0, _) => SessionLimit::Unlimited,
        (max, true) => SessionLimit::EvictOldest(max),
        (max, false) => SessionLimit::Refuse(max),
    };
    Some(SessionRules {
        idle: idle?,
        max_age: max_age?,
        grace: grace?,
        end_on_client_mismatch: end_on_client_mismatch?,
        limit,
    })
}

fn code_rules(reader: &mut Reader<'_>) -> Option<CodeRules> {
    let ttl = reader.required("SEKISHO_CODE_TTL", |text| seconds(text, 60..=3600));
    let attempts = reader.required("SEKISHO_CODE_ATTEMPTS", |text| number(text, 1..=10));
    let disclose_taken = reader.required("SEKISHO_SIGNUP_DISCLOSE_TAKEN", flag);
    Some(CodeRules { ttl: ttl?, attempts: attempts?, disclose_taken: disclose_taken? })
}

fn smtp(mode: Mode, reader: &mut Reader<'_>) -> Option<Option<Smtp>> {
    let url = match mode {
        Mode::Dev => reader.optional("SEKISHO_SMTP_URL", smtp_url),
        Mode::Serve => reader.required("SEKISHO_SMTP_URL", smtp_url).map(Some),
    };
    let from = reader.required("SEKISHO_MAIL_FROM", |text| {
        lettre::message::Mailbox::from_str(text)
            .map(|_| text.to_owned())
            .map_err(|_| "must be an address, or a name and an address in <>".to_owned())
    });
    let (url, from) = (url?, from?);
    Some(url.map(|url| Smtp { url, from }))
}

/// Faults that only show between settings.
fn cross_check(mode: Mode, config: Option<&Config>, reader: &mut Reader<'_>) {
    let Some(config) = config else { return };
    if config.tokens.algorithm == Algorithm::HS256 && config.tokens.shared_key.is_none() {
        reader.fault("SEKISHO_JWT_SECRET_KEY", "is required with HS256");
    }
    if config.tokens.algorithm != Algorithm::HS256 && config.tokens.shared_key.is_some() {
        reader.fault("SEKISHO_JWT_SECRET_KEY", "is for HS256 only");
    }
    if config.sessions.max_age < config.sessions.idle {
        reader.fault("SEKISHO_SESSION_MAX_AGE", "must not be less than SEKISHO_REFRESH_TTL");
    }
    if config.secret_previous.as_ref() == Some(&config.secret) {
        reader.fault("SEKISHO_SECRET_PREVIOUS", "must not be SEKISHO_SECRET itself");
    }
    if mode == Mode::Serve && config.tokens.issuer == DEV_ISSUER {
        reader.fault("SEKISHO_ISSUER", "is that of sekisho dev");
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "must be an IP address and a port, such as 0.0.0.0:8080".to_owned())
}

fn location(text: &str, bounds: Bounds) -> Result<Location, String> {
    Location::parse(text, bounds).ok_or_else(|| "must be sqlite:// and a file, or postgres:// and a server".to_owned())
}

fn key_bytes(text: &str) -> Result<SecretBytes, String> {
    let bytes = BASE64.decode(text).map(Zeroizing::new).map_err(|_| "must be base64".to_owned())?;
    if bytes.len() < MIN_KEY_BYTES {
        return Err(format!("must be at least {MIN_KEY_BYTES} bytes, as from: openssl rand -base64 32"));
    }
    if bytes.iter().all(|byte| *byte == bytes[0]) {
        return Err("is the same byte over and over".to_owned());
    }
    Ok(SecretBytes(bytes))
}

fn issuer(text: &str) -> Result<String, String> {
    let is_url = text.parse::<http::Uri>().is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() && uri.query().is_none()
    });
    if is_url { Ok(text.to_owned()) } else { Err("must be an http or https URL without a query".to_owned()) }
}

fn number<T: FromStr + PartialOrd + std::fmt::Display>(text: &str, range: RangeInclusive<T>) -> Result<T, String> {
    let number = text.parse::<T>().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| format!("must be a whole number from {} to {}", range.start(), range.end()))
}

fn seconds(text: &str, range: RangeInclusive<u64>) -> Result<Duration, String> {
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

fn rate(text: &str) -> Result<Rate, String> {
    let problem = || "must be number/seconds, such as 5/300".to_owned();
    let (count, per) = text.split_once('/').ok_or_else(problem)?;
    let count = number(count, 1..=100_000).map_err(|_| problem())?;
    let per = seconds(per, 1..=86_400).map_err(|_| problem())?;
    Ok(Rate { count, per })
}

fn flag(text: &str) -> Result<bool, String> {
    one_of(text, &[("true", true), ("false", false)])
}

fn one_of<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        format!("must be one of: {}", words.join(", "))
    })
}

fn smtp_url(text: &str) -> Result<SecretText, String> {
    if text.starts_with("smtp://") || text.starts_with("smtps://") {
        Ok(SecretText(Zeroizing::new(text.to_owned())))
    } else {
        Err("must begin with smtp:// or smtps://".to_owned())
    }
}

fn origins(text: &str) -> Result<Vec<String>, String> {
    text.split(',').map(str::trim).filter(|origin| !origin.is_empty()).map(origin).collect()
}

fn origin(text: &str) -> Result<String, String> {
    let is_origin = text.parse::<http::Uri>().is_ok_and(|uri| {
        let host = uri.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        matches!(uri.scheme_str(), Some("http" | "https")) && text.ends_with(host) && !host.is_empty()
    });
    if is_origin { Ok(text.to_owned()) } else { Err("must be origins such as https://app.example.com".to_owned()) }
}

/// Ours from that level on; of the libraries warnings only, for at lower levels
/// they print what they send and receive.
fn log_filter(text: &str) -> Result<String, String> {
    let levels = ["error", "warn", "info", "debug", "trace"].map(|level| (level, level));
    let level = one_of(text, &levels)?;
    let libraries = if level == "error" { level } else { "warn" };
    Ok(format!("{libraries},sekisho={level},sekisho_interceptor={level}"))
}
