CREATE TABLE accounts (
    id              UUID        PRIMARY KEY,
    email           TEXT        NOT NULL UNIQUE,
    email_verified  BOOLEAN     NOT NULL,
    password_scheme TEXT        NOT NULL,
    password_hash   TEXT        NOT NULL,
    display_name    TEXT        NOT NULL,
    locale          TEXT        NOT NULL,
    roles           TEXT[]      NOT NULL,
    disabled        BOOLEAN     NOT NULL,
    not_before      TIMESTAMPTZ NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL
);

CREATE TABLE signing_keys (
    kid        TEXT        PRIMARY KEY,
    alg        TEXT        NOT NULL,
    public_jwk TEXT        NOT NULL,
    sealed     BYTEA       NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    active_at  TIMESTAMPTZ NOT NULL
);

CREATE TABLE audit_events (
    seq        BIGINT      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         TIMESTAMPTZ NOT NULL,
    kind       TEXT        NOT NULL,
    user_id    UUID,
    session_id UUID,
    client_id  TEXT,
    mailbox    BYTEA,
    address    TEXT,
    request_id TEXT        NOT NULL
);

CREATE INDEX audit_events_user ON audit_events (user_id, seq);

CREATE TABLE revocation_journal (
    seq        BIGINT      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       TEXT        NOT NULL,
    user_id    UUID        NOT NULL,
    session_id UUID,
    not_before TIMESTAMPTZ NOT NULL,
    reason     TEXT        NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX revocation_journal_expiry ON revocation_journal (expires_at);
