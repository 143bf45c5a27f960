//! From texts to a valid [`Config`].

use std::{str::FromStr, time::Duration};

use sekisho_interceptor::Algorithm;

use super::{
    CodeRules, Config, Fault, LimitRules, Mode, PasswordRules, SecretBytes, SessionRules, Smtp, Source, Tokens,
    authz::authz,
    reader::Reader,
    redis::redis,
    settings::DEV_ISSUER,
    traces::traces,
    transport::transport,
    values::{
        address, flag, issuer, key_bytes, location, log_filter, milliseconds, number, one_of, rate, seconds, smtp_url,
    },
    web::web,
};
use crate::{
    domain::{Timestamp, password::policy::CLASSES},
    storage::{
        sessions::SessionLimit,
        sql::{Bounds, Location},
    },
    telemetry::LogFormat,
};

const DAY: u64 = 86_400;
const YEAR: u64 = 31_536_000;

pub(super) fn config(mode: Mode, source: &Source, now: Timestamp) -> Result<Config, Vec<Fault>> {
    let mut reader = Reader::new(mode, source);
    let config = read(mode, &mut reader, now);
    cross_check(mode, config.as_ref(), &mut reader);
    match config {
        Some(config) if reader.faults.is_empty() => Ok(config),
        _ => Err(reader.faults),
    }
}

/// Reads every setting before it gives up on any, so that all faults are found.
fn read(mode: Mode, reader: &mut Reader<'_>, now: Timestamp) -> Option<Config> {
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
    let passwords = password_rules(reader);
    let codes = code_rules(reader);
    let limits = limit_rules(reader);
    let smtp = smtp(mode, reader);
    let web = web(reader);
    let audit_retention = reader.required("SEKISHO_AUDIT_RETENTION", retention);
    let log = reader.required("SEKISHO_LOG", log_filter);
    let log_format = reader.required("SEKISHO_LOG_FORMAT", |text| {
        one_of(text, &[("json", LogFormat::Json), ("pretty", LogFormat::Pretty)])
    });
    let traces = traces(reader);
    let transport = transport(mode, reader, now);
    let authz = authz(reader);
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
        passwords: passwords?,
        codes: codes?,
        limits: limits?,
        smtp: smtp?,
        web: web?,
        audit_retention: audit_retention?,
        transport: transport?,
        authz: authz?,
        log: log?,
        log_format: log_format?,
        traces: traces?,
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
    let shared_key_previous = reader.optional("SEKISHO_JWT_SECRET_KEY_PREVIOUS", key_bytes);
    let access_ttl = reader.required("SEKISHO_ACCESS_TTL", |text| seconds(text, 60..=3600));
    if let (Some(algorithm), Some(key), Some(previous)) = (algorithm, &shared_key, &shared_key_previous) {
        shared_keys(algorithm, key.as_ref(), previous.as_ref(), reader);
    }
    Some(Tokens {
        issuer: issuer?,
        audience: audience?,
        algorithm: algorithm?,
        shared_key: shared_key?,
        shared_key_previous: shared_key_previous?,
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

fn password_rules(reader: &mut Reader<'_>) -> Option<PasswordRules> {
    let min_length = reader.required("SEKISHO_PASSWORD_MIN_LENGTH", |text| number(text, 8..=64));
    let classes = reader.required("SEKISHO_PASSWORD_CLASSES", |text| number(text, 0..=CLASSES));
    let history = reader.required("SEKISHO_PASSWORD_HISTORY", |text| number(text, 0..=24));
    Some(PasswordRules { min_length: min_length?, classes: classes?, history: history? })
}

fn code_rules(reader: &mut Reader<'_>) -> Option<CodeRules> {
    let ttl = reader.required("SEKISHO_CODE_TTL", |text| seconds(text, 60..=3600));
    let attempts = reader.required("SEKISHO_CODE_ATTEMPTS", |text| number(text, 1..=10));
    let disclose_taken = reader.required("SEKISHO_SIGNUP_DISCLOSE_TAKEN", flag);
    Some(CodeRules { ttl: ttl?, attempts: attempts?, disclose_taken: disclose_taken? })
}

fn limit_rules(reader: &mut Reader<'_>) -> Option<LimitRules> {
    let login = reader.required("SEKISHO_LIMIT_LOGIN", rate);
    let code = reader.required("SEKISHO_LIMIT_CODE", rate);
    let guess_network = reader.required("SEKISHO_LIMIT_GUESS_NETWORK", rate);
    let code_network = reader.required("SEKISHO_LIMIT_CODE_NETWORK", rate);
    let client = reader.required("SEKISHO_LIMIT_CLIENT", rate);
    let mail = reader.required("SEKISHO_LIMIT_MAIL", rate);
    Some(LimitRules {
        login: login?,
        code: code?,
        guess_network: guess_network?,
        code_network: code_network?,
        client: client?,
        mail: mail?,
    })
}

/// `None`: for ever.
fn retention(text: &str) -> Result<Option<Duration>, String> {
    if text == "0" { Ok(None) } else { seconds(text, DAY..=100 * YEAR).map(Some) }
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
    if let Some(authz) = &config.authz {
        // That somebody else ends TLS says nothing here, where that one is the client.
        let is_open = config.transport.tls.is_none() && !authz.listen.ip().is_loopback();
        if is_open && !authz.plaintext && mode != Mode::Dev {
            let problem = "must be true, to speak in the clear of users' tokens; or set SEKISHO_TLS_CERT";
            reader.fault("SEKISHO_AUTHZ_PLAINTEXT", problem);
        }
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

/// Of HS256.
fn shared_keys(
    algorithm: Algorithm,
    key: Option<&SecretBytes>,
    previous: Option<&SecretBytes>,
    reader: &mut Reader<'_>,
) {
    if algorithm == Algorithm::HS256 && key.is_none() {
        reader.fault("SEKISHO_JWT_SECRET_KEY", "is required with HS256");
    }
    if algorithm != Algorithm::HS256 && key.is_some() {
        reader.fault("SEKISHO_JWT_SECRET_KEY", "is for HS256 only");
    }
    if previous.is_some() {
        if algorithm != Algorithm::HS256 {
            reader.fault("SEKISHO_JWT_SECRET_KEY_PREVIOUS", "is for HS256 only");
        } else if previous == key {
            reader.fault("SEKISHO_JWT_SECRET_KEY_PREVIOUS", "must not be SEKISHO_JWT_SECRET_KEY itself");
        }
    }
}
