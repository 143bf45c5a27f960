//! The table of settings, from which the documents are made.

use super::Mode;

/// One setting.
pub struct Setting {
    /// The variable, and the key in the file.
    pub name: &'static str,
    /// What it is if it is not set; `None`: nothing, or it is required.
    pub default: Option<&'static str>,
    /// The same in `sekisho dev`, where it differs.
    pub dev_default: Option<&'static str>,
    /// Whether `serve` does not start without it.
    pub required: bool,
    /// Whether its value is never shown.
    pub secret: bool,
    /// What it means; for docs/config.md.
    pub meaning: &'static str,
}

impl Setting {
    const fn new(name: &'static str, default: Option<&'static str>, meaning: &'static str) -> Self {
        Self { name, default, dev_default: None, required: false, secret: false, meaning }
    }

    const fn required(name: &'static str, dev_default: Option<&'static str>, meaning: &'static str) -> Self {
        Self { name, default: None, dev_default, required: true, secret: false, meaning }
    }

    const fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    const fn in_dev(self, default: &'static str) -> Self {
        Self { dev_default: Some(default), ..self }
    }

    /// What it is if it is not set.
    pub fn default_in(&self, mode: Mode) -> Option<&'static str> {
        match mode {
            Mode::Dev => self.dev_default.or(self.default),
            Mode::Serve => self.default,
        }
    }
}

/// The issuer of `sekisho dev`, which `serve` refuses.
pub(super) const DEV_ISSUER: &str = "http://localhost:8080";

/// Every setting, in the order of the documents.
pub const SETTINGS: &[Setting] = &[
    Setting::new(
        "SEKISHO_LISTEN",
        Some("0.0.0.0:8080"),
        "Address and port of gRPC, gRPC-Web and REST; port 0 takes a free one",
    ),
    Setting::new("SEKISHO_OPS_LISTEN", Some("127.0.0.1:9090"), "Address and port of probes and metrics"),
    Setting::new(
        "SEKISHO_AUTHZ_LISTEN",
        None,
        "Address and port of external authorisation for proxies (`envoy.service.auth.v3`), see [ext-authz.md](ext-authz.md)",
    ),
    Setting::new(
        "SEKISHO_AUTHZ_POLICY",
        None,
        "A file of TOML: who may call what of the siblings behind the proxies. Read again when it changes",
    ),
    Setting::new(
        "SEKISHO_AUTHZ_PLAINTEXT",
        Some("false"),
        "`true`: external authorisation speaks in the clear though there is `SEKISHO_TLS_CERT`, as to a proxy on the same machine or in a mesh",
    ),
    Setting::required(
        "SEKISHO_DATABASE_URL",
        Some("sqlite://.sekisho/sekisho.db"),
        "`sqlite://FILE`, or `postgres://USER:PASSWORD@HOST:PORT/DATABASE` (13 and newer; `?sslmode=verify-full` for TLS)",
    )
    .secret(),
    Setting::new(
        "SEKISHO_DATABASE_TIMEOUT",
        Some("200"),
        "PostgreSQL only: milliseconds that an operation of the store may take before it is `STORE_UNAVAILABLE`, 50 to 10000; a SQLite file waits 10 s for its one writer",
    ),
    Setting::new(
        "SEKISHO_DATABASE_CONNECTIONS",
        Some("16"),
        "PostgreSQL only: connections that a process keeps at most, 1 to 1000; a SQLite file has one that writes and four that read",
    ),
    Setting::new(
        "SEKISHO_REDIS_URL",
        None,
        "Sessions, codes, limits and the revocation stream go to Redis (7.0 and newer) instead of the database: `redis://USER:PASSWORD@HOST:PORT`, `redis-sentinel://HOST:PORT?node=HOST:PORT&sentinelServiceName=NAME`, `redis-cluster://HOST:PORT?node=HOST:PORT`; with TLS `rediss://`, `rediss-sentinel://`, `rediss-cluster://`",
    )
    .secret(),
    Setting::new("SEKISHO_REDIS_PREFIX", Some("sekisho:"), "What the name of every key begins with"),
    Setting::new(
        "SEKISHO_REDIS_TIMEOUT",
        Some("100"),
        "Milliseconds that a call to Redis may take before the store counts as down, 10 to 10000",
    ),
    Setting::required(
        "SEKISHO_SECRET",
        None,
        "At least 32 random bytes in base64, from which every key is derived; `dev` makes one and keeps it",
    )
    .secret(),
    Setting::new(
        "SEKISHO_SECRET_PREVIOUS",
        None,
        "The other secret while `SEKISHO_SECRET` is being replaced ([rotation](operations/rotation.md)): what was made with it stays valid. Keep the one before for as long as sessions live, and until people have signed in again: their passwords are stored anew by that",
    )
    .secret(),
    Setting::required("SEKISHO_ISSUER", Some(DEV_ISSUER), "The `iss` claim: an http(s) URL"),
    Setting::required("SEKISHO_AUDIENCE", Some("sekisho-dev"), "The `aud` claim"),
    Setting::new("SEKISHO_JWT_ALG", Some("EdDSA"), "`EdDSA`, `ES256`, `RS256` or `HS256`"),
    Setting::new(
        "SEKISHO_JWT_SECRET_KEY",
        None,
        "Only with `HS256`, and then required: at least 32 bytes in base64, shared with the siblings",
    )
    .secret(),
    Setting::new(
        "SEKISHO_JWT_SECRET_KEY_PREVIOUS",
        None,
        "Only with `HS256`: another such key, whose tokens are taken as well, while `SEKISHO_JWT_SECRET_KEY` is being replaced ([rotation](operations/rotation.md))",
    )
    .secret(),
    Setting::new("SEKISHO_ACCESS_TTL", Some("900"), "Life of an access token in seconds, 60 to 3600"),
    Setting::new("SEKISHO_REFRESH_TTL", Some("2592000"), "Seconds after which an unused session ends, 60 to 31536000"),
    Setting::new(
        "SEKISHO_SESSION_MAX_AGE",
        Some("7776000"),
        "Seconds after which any session ends, 60 to 31536000 and no less than `SEKISHO_REFRESH_TTL`",
    ),
    Setting::new(
        "SEKISHO_REFRESH_GRACE",
        Some("30"),
        "Seconds in which a spent refresh token is answered with the same successor, 0 to 300",
    ),
    Setting::new(
        "SEKISHO_CLIENT_MISMATCH",
        Some("revoke"),
        "When another client presents a refresh token: `revoke` ends the session, `refuse` leaves it",
    ),
    Setting::new("SEKISHO_MAX_SESSIONS", Some("5"), "Sessions per person, 0 to 1000; 0 is no limit"),
    Setting::new(
        "SEKISHO_MAX_SESSIONS_POLICY",
        Some("evict_oldest"),
        "At one session too many: `evict_oldest`, or `refuse` the login",
    ),
    Setting::new("SEKISHO_BCRYPT_COST", Some("12"), "10 to 15; from 4 in `dev`"),
    Setting::new("SEKISHO_PASSWORD_MIN_LENGTH", Some("8"), "Code points that a new password has at least, 8 to 64"),
    Setting::new(
        "SEKISHO_PASSWORD_CLASSES",
        Some("0"),
        "How many of lower case, upper case, digits and other characters must be in a new password, 0 to 4; better left at 0 (NIST SP 800-63B)",
    ),
    Setting::new(
        "SEKISHO_PASSWORD_HISTORY",
        Some("0"),
        "How many of an account's last passwords, the present one among them, a new one must not be, 0 to 24; each of them costs a hash when a password is changed",
    ),
    Setting::new("SEKISHO_CODE_TTL", Some("900"), "Life of a mailed code in seconds, 60 to 3600"),
    Setting::new("SEKISHO_CODE_ATTEMPTS", Some("5"), "Guesses per code, 1 to 10"),
    Setting::new("SEKISHO_LIMIT_LOGIN", Some("5/300"), "Failed logins per account: number / seconds; see limits.md"),
    Setting::new("SEKISHO_LIMIT_CODE", Some("3/300"), "Mailed codes per address: number / seconds"),
    Setting::new(
        "SEKISHO_LIMIT_GUESS_NETWORK",
        Some("100/300"),
        "Failed logins and wrong codes per network, but no fewer than `SEKISHO_LIMIT_LOGIN`",
    ),
    Setting::new(
        "SEKISHO_LIMIT_CODE_NETWORK",
        Some("60/300"),
        "Mailed codes per network, but no fewer than `SEKISHO_LIMIT_CODE`",
    ),
    Setting::new(
        "SEKISHO_LIMIT_CLIENT",
        Some("2000/300"),
        "Failed logins and wrong codes, and apart from them mailed codes, per `client_id`: wide, for many people may share one",
    ),
    Setting::new("SEKISHO_LIMIT_MAIL", Some("1000/60"), "Mailed codes of the whole service"),
    Setting::new(
        "SEKISHO_SIGNUP_DISCLOSE_TAKEN",
        Some("false"),
        "`true`: a sign-up says that an address is taken, to anyone who asks",
    ),
    Setting::required(
        "SEKISHO_SMTP_URL",
        None,
        "`smtp://` or `smtps://`, with user and password; `dev` keeps mail if unset",
    )
    .secret(),
    Setting::required("SEKISHO_MAIL_FROM", Some("Sekisho <no-reply@localhost>"), "The sender of mail"),
    Setting::new(
        "SEKISHO_ALLOWED_ORIGINS",
        Some(""),
        "Origins that browsers may call from, as they send them, separated by commas; exact (docs/web.md)",
    ),
    Setting::new(
        "SEKISHO_REFRESH_COOKIE",
        Some("false"),
        "`true`: over REST, a caller that sends `x-sekisho-cookie: 1` has its refresh token as a cookie (docs/web.md)",
    ),
    Setting::new(
        "SEKISHO_TRUSTED_PROXIES",
        Some(""),
        "Addresses and networks of the proxies in front, separated by commas, whose `x-forwarded-for` or `forwarded` says who calls (docs/web.md)",
    ),
    Setting::new(
        "SEKISHO_TLS_CERT",
        None,
        "A file of PEM: the certificate of the public listener, then those that lead to its authority. Read again when it changes",
    ),
    Setting::new("SEKISHO_TLS_KEY", None, "A file of PEM: its private key, not encrypted"),
    Setting::new(
        "SEKISHO_TLS_CLIENT_CA",
        None,
        "A file of PEM: authorities. If it is set, clients are asked for a certificate of one of them",
    ),
    Setting::new(
        "SEKISHO_TLS_CLIENT_AUTH",
        Some("required"),
        "With `SEKISHO_TLS_CLIENT_CA`: `required`, or `optional` where clients without a certificate, such as browsers, are served as well",
    ),
    Setting::new(
        "SEKISHO_TLS_TERMINATED",
        Some("false"),
        "`true`: a proxy in front speaks TLS; `serve` starts neither without that nor without `SEKISHO_TLS_CERT`",
    ),
    Setting::new(
        "SEKISHO_AUDIT_RETENTION",
        Some("34560000"),
        "Seconds for which a row of the audit log is kept, 86400 to 3153600000; 0 is for ever",
    ),
    Setting::new(
        "SEKISHO_MAX_CONNECTIONS",
        Some("30000"),
        "Connections to the public listener at a time, 1 to 1000000; one more is closed at once. No more than open files allow",
    ),
    Setting::new(
        "SEKISHO_CONNECTION_MAX_AGE",
        Some("3600"),
        "Seconds after which a connection, give or take a tenth, takes no more calls, 0 to 86400; 0 is no limit",
    ),
    Setting::new(
        "SEKISHO_HEADER_TIMEOUT",
        Some("10"),
        "Seconds for the headers of a request over HTTP/1.1, counted from the end of the one before, 1 to 600; set it above the time for which a proxy in front keeps connections",
    ),
    Setting::new(
        "SEKISHO_MAX_CALLS",
        Some("1024"),
        "Unary calls at a time, 1 to 100000; one more is `OVERLOADED`",
    ),
    Setting::new(
        "SEKISHO_CALL_TIMEOUT",
        Some("30"),
        "Seconds that a unary call may take before it is `DEADLINE_EXCEEDED`, 1 to 300; less if the caller sends `grpc-timeout`",
    ),
    Setting::new(
        "SEKISHO_LOG",
        Some("info"),
        "Lowest level that is logged: `error`, `warn`, `info`, `debug` or `trace`; of libraries only warnings and errors",
    ),
    Setting::new("SEKISHO_LOG_FORMAT", Some("json"), "`json` or `pretty`").in_dev("pretty"),
    Setting::new(
        "SEKISHO_TRACE_TRUST",
        Some(""),
        "Addresses and networks, separated by commas, whose `traceparent` is believed; `all` for a service that only siblings reach (docs/telemetry.md)",
    ),
    Setting::new(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        None,
        "Traces go there by OTLP over gRPC: `http://HOST:PORT` or `https://HOST:PORT`. Without it there are none, and the other settings of OpenTelemetry are not looked at",
    ),
    Setting::new("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", None, "The same, and before it"),
    Setting::new("OTEL_EXPORTER_OTLP_PROTOCOL", Some("grpc"), "`grpc`: there is no other"),
    Setting::new("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", None, "The same, and before it"),
    Setting::new(
        "OTEL_EXPORTER_OTLP_HEADERS",
        None,
        "Headers for the collector: `name=value`, separated by commas; values percent-encoded",
    )
    .secret(),
    Setting::new("OTEL_EXPORTER_OTLP_TRACES_HEADERS", None, "The same, and before it").secret(),
    Setting::new(
        "OTEL_EXPORTER_OTLP_TIMEOUT",
        Some("10000"),
        "Milliseconds that the collector may take for a batch, 1 to 600000",
    ),
    Setting::new("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", None, "The same, and before it"),
    Setting::new(
        "OTEL_EXPORTER_OTLP_CERTIFICATE",
        None,
        "A file of PEM: authorities of the collector's certificate, instead of those of the system",
    ),
    Setting::new("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", None, "The same, and before it"),
    Setting::new("OTEL_EXPORTER_OTLP_COMPRESSION", Some("none"), "`none`: there is no other"),
    Setting::new("OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", None, "The same, and before it"),
    Setting::new("OTEL_TRACES_EXPORTER", Some("otlp"), "`otlp`, or `none`: no traces"),
    Setting::new("OTEL_SDK_DISABLED", Some("false"), "`true`: no traces"),
    Setting::new("OTEL_SERVICE_NAME", Some("sekisho"), "`service.name` of the traces"),
    Setting::new(
        "OTEL_RESOURCE_ATTRIBUTES",
        None,
        "More that is true of the whole process: `name=value`, separated by commas, percent-encoded; `service.name` only counts without `OTEL_SERVICE_NAME`",
    ),
    Setting::new(
        "OTEL_TRACES_SAMPLER",
        Some("parentbased_always_on"),
        "`always_on`, `always_off`, `traceidratio`, or one of them after `parentbased_`",
    ),
    Setting::new("OTEL_TRACES_SAMPLER_ARG", Some("1.0"), "With `traceidratio`: the part of all traces, 0 to 1"),
    Setting::new("OTEL_BSP_SCHEDULE_DELAY", Some("5000"), "Milliseconds between batches, 1 to 600000"),
    Setting::new(
        "OTEL_BSP_MAX_QUEUE_SIZE",
        Some("2048"),
        "Spans that wait, 1 to 1000000; one more is lost, and counted",
    ),
    Setting::new(
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
        Some("512"),
        "Spans in a batch, 1 to 10000 and no more than may wait",
    ),
];
