CREATE TABLE sessions (
    user_id        UUID        NOT NULL,
    id             UUID        NOT NULL,
    client_id      TEXT        NOT NULL,
    salt           BYTEA       NOT NULL,
    generation     BIGINT      NOT NULL,
    parent         BIGINT      NOT NULL,
    rotated_at     TIMESTAMPTZ NOT NULL,
    created_at     TIMESTAMPTZ NOT NULL,
    last_used_at   TIMESTAMPTZ NOT NULL,
    expires_at     TIMESTAMPTZ NOT NULL,
    ends_at        TIMESTAMPTZ NOT NULL,
    device         TEXT        NOT NULL,
    address        TEXT,
    auth_time      TIMESTAMPTZ NOT NULL,
    amr            TEXT[]      NOT NULL,
    email          TEXT        NOT NULL,
    email_verified BOOLEAN     NOT NULL,
    roles          TEXT[]      NOT NULL,
    issued_after   TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (user_id, id)
);

CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE codes (
    purpose    TEXT        NOT NULL,
    mailbox    BYTEA       NOT NULL,
    client_id  TEXT        NOT NULL,
    digest     BYTEA       NOT NULL,
    payload    BYTEA       NOT NULL,
    attempts   BIGINT      NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (purpose, mailbox, client_id)
);

CREATE INDEX codes_expiry ON codes (expires_at);

CREATE TABLE limits (
    key     TEXT        PRIMARY KEY,
    full_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX limits_full ON limits (full_at);
