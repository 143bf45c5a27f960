use std::net::IpAddr;

use super::*;

const SECRET: &str = "dGVzdC1zZWNyZXQtdGVzdC1zZWNyZXQtdGVzdC0wMDE=";

const VALID: [(&str, &str); 7] = [
    ("SEKISHO_DATABASE_URL", "sqlite:///var/lib/sekisho/sekisho.db"),
    ("SEKISHO_SECRET", SECRET),
    ("SEKISHO_ISSUER", "https://auth.example.com"),
    ("SEKISHO_AUDIENCE", "example"),
    ("SEKISHO_SMTP_URL", "smtps://user:hunter2@mail.example.com"),
    ("SEKISHO_MAIL_FROM", "Example <no-reply@example.com>"),
    ("SEKISHO_TLS_TERMINATED", "true"),
];

fn with(changes: &[(&str, &str)]) -> Source {
    Source::from_pairs(VALID.into_iter().chain(changes.iter().copied()))
}

fn faults(changes: &[(&str, &str)]) -> Vec<String> {
    let faults = Config::read(Mode::Serve, &with(changes)).err().unwrap_or_default();
    faults.into_iter().map(|fault| fault.name).collect()
}

/// What proxies ask is of users' tokens: in the clear only where somebody says so.
#[test]
fn proxies_are_not_answered_in_the_clear_by_oversight() {
    let policy = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&policy, "[[policy]]\nname = \"a\"\n").unwrap();
    let file = policy.path().to_str().unwrap();
    let with = |listen: &str, plaintext: &str| {
        faults(&[
            ("SEKISHO_AUTHZ_LISTEN", listen),
            ("SEKISHO_AUTHZ_POLICY", file),
            ("SEKISHO_AUTHZ_PLAINTEXT", plaintext),
        ])
    };
    assert_eq!(with("0.0.0.0:9001", "false"), ["SEKISHO_AUTHZ_PLAINTEXT"]);
    for (listen, plaintext) in [("0.0.0.0:9001", "true"), ("127.0.0.1:9001", "false"), ("[::1]:9001", "false")] {
        assert_eq!(with(listen, plaintext), Vec::<String>::new(), "{listen} {plaintext}");
    }
}

#[test]
fn serve_without_settings_lists_all_that_is_missing() {
    let faults = Config::read(Mode::Serve, &Source::default()).unwrap_err();
    let mut named: Vec<&str> = faults.iter().map(|fault| fault.name.as_str()).collect();
    named.sort_unstable();
    let mut wanted: Vec<&str> =
        SETTINGS.iter().filter(|setting| setting.required).map(|setting| setting.name).collect();
    wanted.push("SEKISHO_TLS_TERMINATED");
    wanted.sort_unstable();
    assert_eq!(named, wanted);
}

#[test]
fn dev_needs_nothing_but_its_secret() {
    Config::read(Mode::Dev, &Source::from_pairs([("SEKISHO_SECRET", SECRET)])).unwrap();
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    let config = Config::read(Mode::Serve, &with(&[])).unwrap();
    assert_eq!(config.listen.to_string(), "0.0.0.0:8080");
    assert_eq!(config.tokens.access_ttl, Duration::from_secs(900));
    assert_eq!(config.tokens.algorithm, Algorithm::EdDSA);
    assert_eq!(config.sessions.idle, Duration::from_secs(2_592_000));
    assert_eq!(config.sessions.max_age, Duration::from_secs(7_776_000));
    assert_eq!(config.sessions.grace, Duration::from_secs(30));
    assert_eq!(config.sessions.limit, SessionLimit::EvictOldest(5));
    assert!(config.sessions.end_on_client_mismatch);
    assert_eq!(config.bcrypt_cost, 12);
    let passwords = config.passwords;
    assert_eq!((passwords.min_length, passwords.classes, passwords.history), (8, 0, 0));
    assert_eq!((config.codes.ttl.as_secs(), config.codes.attempts), (900, 5));
    let transport = &config.transport;
    assert_eq!((&transport.tls, transport.max_connections, transport.max_calls), (&None, 30_000, 1024));
    assert_eq!((transport.max_age, transport.call_timeout.as_secs()), (Some(Duration::from_secs(3600)), 30));
    assert_eq!(config.limits.login, Rate { count: 5, per: Duration::from_secs(300) });
}

#[test]
fn each_fault_is_named() {
    for (name, bad) in [
        ("SEKISHO_LISTEN", "8080"),
        ("SEKISHO_OPS_LISTEN", "localhost:9090"),
        ("SEKISHO_DATABASE_URL", "mysql://db/sekisho"),
        ("SEKISHO_DATABASE_URL", "postgres://host:port/db"),
        ("SEKISHO_DATABASE_TIMEOUT", "49"),
        ("SEKISHO_DATABASE_TIMEOUT", "200ms"),
        ("SEKISHO_DATABASE_CONNECTIONS", "0"),
        ("SEKISHO_SECRET", "c2hvcnQ="),
        ("SEKISHO_SECRET", "not base64 at all!"),
        ("SEKISHO_SECRET", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="),
        ("SEKISHO_SECRET_PREVIOUS", SECRET),
        ("SEKISHO_ISSUER", "auth.example.com"),
        ("SEKISHO_ISSUER", "http://localhost:8080"),
        ("SEKISHO_JWT_ALG", "none"),
        ("SEKISHO_JWT_SECRET_KEY", SECRET),
        ("SEKISHO_JWT_SECRET_KEY_PREVIOUS", SECRET),
        ("SEKISHO_ACCESS_TTL", "59"),
        ("SEKISHO_ACCESS_TTL", "3601"),
        ("SEKISHO_ACCESS_TTL", "15m"),
        ("SEKISHO_SESSION_MAX_AGE", "86400"),
        ("SEKISHO_REFRESH_GRACE", "301"),
        ("SEKISHO_CLIENT_MISMATCH", "ignore"),
        ("SEKISHO_MAX_SESSIONS", "-1"),
        ("SEKISHO_MAX_SESSIONS_POLICY", "evict"),
        ("SEKISHO_BCRYPT_COST", "4"),
        ("SEKISHO_SMTP_URL", "smtp://host?tls=require"),
        ("SEKISHO_SMTP_URL", "smtp://user@host"),
        ("SEKISHO_PASSWORD_MIN_LENGTH", "7"),
        ("SEKISHO_PASSWORD_MIN_LENGTH", "65"),
        ("SEKISHO_PASSWORD_CLASSES", "5"),
        ("SEKISHO_PASSWORD_HISTORY", "25"),
        ("SEKISHO_PASSWORD_HISTORY", "off"),
        ("SEKISHO_LIMIT_LOGIN", "0/300"),
        ("SEKISHO_LIMIT_CODE", "3"),
        ("SEKISHO_SMTP_URL", "http://mail.example.com"),
        ("SEKISHO_MAIL_FROM", "nobody"),
        ("SEKISHO_TRUSTED_PROXIES", "10.0.0.0/24, proxy.example.com"),
        ("SEKISHO_TRUSTED_PROXIES", "10.0.0.0/33"),
        ("SEKISHO_TRUSTED_PROXIES", "10.0.0.1/24"),
        ("SEKISHO_TRUSTED_PROXIES", "0.0.0.0/0"),
        ("SEKISHO_TRUSTED_PROXIES", "::/0"),
        ("SEKISHO_TRUSTED_PROXIES", "::ffff:10.0.0.0/120"),
        ("SEKISHO_TRUSTED_PROXIES", "*"),
        ("SEKISHO_REFRESH_COOKIE", "1"),
        ("SEKISHO_TLS_TERMINATED", "false"),
        ("SEKISHO_MAX_CONNECTIONS", "0"),
        ("SEKISHO_CONNECTION_MAX_AGE", "86401"),
        ("SEKISHO_HEADER_TIMEOUT", "0"),
        ("SEKISHO_MAX_CALLS", "0"),
        ("SEKISHO_CALL_TIMEOUT", "301"),
        ("SEKISHO_LOG", "hyper=trace"),
        ("SEKISHO_LOG_FORMAT", "xml"),
    ] {
        assert_eq!(faults(&[(name, bad)]), [name], "{name}={bad}");
    }
    let shared = ("SEKISHO_JWT_ALG", "HS256");
    assert_eq!(faults(&[shared]), ["SEKISHO_JWT_SECRET_KEY"]);
    // Also where something else is wrong.
    let both = faults(&[shared, ("SEKISHO_BCRYPT_COST", "4")]);
    assert_eq!(both, ["SEKISHO_JWT_SECRET_KEY", "SEKISHO_BCRYPT_COST"]);
    let twice = [shared, ("SEKISHO_JWT_SECRET_KEY", SECRET), ("SEKISHO_JWT_SECRET_KEY_PREVIOUS", SECRET)];
    assert_eq!(faults(&twice), ["SEKISHO_JWT_SECRET_KEY_PREVIOUS"]);
    assert_eq!(faults(&[("SEKISHO_TLS_CLIENT_AUTH", "optional")]), ["SEKISHO_TLS_CLIENT_CA"]);
}

#[test]
fn each_fault_of_traces_is_named() {
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317");
    for (name, bad) in [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "grpc://collector:4317"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317/v1/traces"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:hunter2@collector:4317"),
        ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "a b=c"),
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "a=%0a"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "10s"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "/nowhere.pem"),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", "Cargo.toml"),
        ("OTEL_TRACES_EXPORTER", "console"),
        ("OTEL_SDK_DISABLED", "yes"),
        ("OTEL_RESOURCE_ATTRIBUTES", "staging"),
        ("OTEL_RESOURCE_ATTRIBUTES", "=a"),
        ("OTEL_TRACES_SAMPLER", "xray"),
        ("OTEL_TRACES_SAMPLER_ARG", "1.1"),
        ("OTEL_TRACES_SAMPLER_ARG", "NaN"),
        ("OTEL_BSP_SCHEDULE_DELAY", "0"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "0"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2049"),
        ("SEKISHO_TRACE_TRUST", "everybody"),
        ("SEKISHO_TRACE_TRUST", "0.0.0.0/0"),
    ] {
        assert_eq!(faults(&[endpoint, (name, bad)]), [name], "{name}={bad}");
    }
}

#[test]
fn traces_go_where_the_specification_says() {
    let traces = |changes: &[(&'static str, &'static str)]| Config::read(Mode::Serve, &with(changes)).unwrap().traces;
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317");
    assert!(traces(&[]).is_none());
    assert!(traces(&[("OTEL_TRACES_SAMPLER", "xray"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]).is_none());
    assert!(traces(&[endpoint, ("OTEL_SDK_DISABLED", "true")]).is_none());
    assert!(traces(&[endpoint, ("OTEL_TRACES_EXPORTER", "none")]).is_none());

    let plain = traces(&[endpoint]).unwrap();
    assert_eq!(plain.endpoint.to_string(), "http://collector:4317/");
    assert_eq!((plain.timeout, plain.delay), (Duration::from_secs(10), Duration::from_secs(5)));
    assert_eq!((plain.queue, plain.batch), (2048, 512));
    assert_eq!(plain.sampling, Sampling { ratio: 1.0, follows_parent: true });
    assert!(plain.trust.is_empty() && plain.headers.is_empty() && plain.authorities.is_none());
    assert_eq!(plain.resource[0], ("service.name".to_owned(), "sekisho".to_owned()));

    let specific = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://traces:4317");
    assert_eq!(traces(&[endpoint, specific]).unwrap().endpoint.host(), Some("traces"));
    let ratio = [endpoint, ("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0.01")];
    assert_eq!(traces(&ratio).unwrap().sampling, Sampling { ratio: 0.01, follows_parent: false });
    let named = traces(&[endpoint, ("OTEL_RESOURCE_ATTRIBUTES", "service.name=a%20b")]).unwrap();
    assert_eq!(named.resource[0], ("service.name".to_owned(), "a b".to_owned()));
    let trusting = traces(&[endpoint, ("SEKISHO_TRACE_TRUST", "all")]).unwrap();
    assert!(trusting.trust.iter().any(|network| network.contains(&IpAddr::from([192, 0, 2, 1]))));
    let secret = traces(&[endpoint, ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=hunter2")]).unwrap();
    assert!(!format!("{secret:?}").contains("hunter2"));
}

/// R69. An origin that no browser sends lets nobody in, and whoever wrote it
/// meant somebody.
#[test]
fn origins_are_as_browsers_send_them() {
    for wrong in [
        "*",
        "null",
        "https://app.example.com/",
        "https://app.example.com/login",
        "https://app.example.com?",
        "https://app.example.com#",
        "https://App.example.com",
        "HTTPS://app.example.com",
        "https://app.example.com:443",
        "http://app.example.com:80",
        "https://app.example.com:",
        "https://*.example.com",
        "https://.example.com/*",
        "https://user@app.example.com",
        "https://山.example.com",
        "app.example.com",
        "//app.example.com",
        "https://",
        "https:app.example.com",
        "file:///app",
        "ws://app.example.com",
        "https://app.example.com https://admin.example.com",
        "https://app.example.com\thttps://x",
    ] {
        let problem = faults(&[("SEKISHO_ALLOWED_ORIGINS", wrong)]);
        assert_eq!(problem, ["SEKISHO_ALLOWED_ORIGINS"], "{wrong}");
    }
    let good = "https://app.example.com, http://localhost:3000,https://[2001:db8::1]:8443,https://xn--rhqv96g.example";
    let config = Config::read(Mode::Serve, &with(&[("SEKISHO_ALLOWED_ORIGINS", good)])).unwrap();
    assert_eq!(config.web.allowed_origins.len(), 4);
}

#[test]
fn proxies_are_addresses_and_networks() {
    let good = "10.0.0.0/24, 192.0.2.7,2001:db8::/32,::1";
    let config = Config::read(Mode::Serve, &with(&[("SEKISHO_TRUSTED_PROXIES", good)])).unwrap();
    let networks: Vec<String> = config.web.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(networks, ["10.0.0.0/24", "192.0.2.7/32", "2001:db8::/32", "::1/128"]);
}

#[test]
fn nothing_that_is_secret_is_shown() {
    let source = with(&[("SEKISHO_SECRET_PREVIOUS", "b3RoZXItc2VjcmV0LW90aGVyLXNlY3JldC1vdGhlci0wMDE=")]);
    let config = Config::read(Mode::Serve, &source).unwrap();
    let shown = format!("{config:?}{}", print(Mode::Serve, &source));
    for secret in ["hunter2", SECRET, "b3RoZXI"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let wrong = with(&[("SEKISHO_SMTP_URL", "imap://user:hunter2@mail")]);
    let faults = Config::read(Mode::Serve, &wrong).unwrap_err();
    assert!(!format!("{faults:?}").contains("hunter2"));
}

#[test]
fn a_file_has_the_same_keys_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sekisho.toml");
    std::fs::write(&file, "SEKISHO_ACCESS_TTL = 600\nSEKISHO_ACESS_TTL = 600\nSEKISHO_ISSUER = [1]\n").unwrap();
    let faults = Config::read(Mode::Dev, &Source::load(Some(&file))).unwrap_err();
    let mut named: Vec<&str> = faults.iter().map(|fault| fault.name.as_str()).collect();
    named.sort_unstable();
    assert_eq!(named, ["SEKISHO_ACESS_TTL", "SEKISHO_ISSUER", "SEKISHO_SECRET"]);
}

#[test]
fn a_broken_file_is_a_fault_that_quotes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sekisho.toml");
    std::fs::write(&file, "SEKISHO_SECRET = hunter2 hunter2\n").unwrap();
    let faults = Config::read(Mode::Dev, &Source::load(Some(&file))).unwrap_err();
    assert!(faults[0].problem.contains("not TOML (line 1)"), "{faults:?}");
    assert!(!format!("{faults:?}").contains("hunter2"));
}
