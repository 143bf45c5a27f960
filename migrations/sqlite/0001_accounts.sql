CREATE TABLE accounts (
    id              BLOB    PRIMARY KEY,
    email           TEXT    NOT NULL UNIQUE,
    email_verified  INTEGER NOT NULL,
    password_scheme TEXT    NOT NULL,
    password_hash   TEXT    NOT NULL,
    display_name    TEXT    NOT NULL,
    locale          TEXT    NOT NULL,
    roles           TEXT    NOT NULL,
    disabled        INTEGER NOT NULL,
    not_before      INTEGER NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE signing_keys (
    kid        TEXT    PRIMARY KEY,
    alg        TEXT    NOT NULL,
    public_jwk TEXT    NOT NULL,
    sealed     BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    active_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_events (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    user_id    BLOB,
    session_id BLOB,
    client_id  TEXT,
    mailbox    BLOB,
    address    TEXT,
    request_id TEXT    NOT NULL
) STRICT;

CREATE INDEX audit_events_user ON audit_events (user_id, seq);

CREATE TABLE revocation_journal (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT    NOT NULL,
    user_id    BLOB    NOT NULL,
    session_id BLOB,
    not_before INTEGER NOT NULL,
    reason     TEXT    NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX revocation_journal_expiry ON revocation_journal (expires_at);
