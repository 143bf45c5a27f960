CREATE TABLE sessions (
    user_id        BLOB    NOT NULL,
    id             BLOB    NOT NULL,
    client_id      TEXT    NOT NULL,
    salt           BLOB    NOT NULL,
    generation     INTEGER NOT NULL,
    parent         INTEGER NOT NULL,
    rotated_at     INTEGER NOT NULL,
    created_at     INTEGER NOT NULL,
    last_used_at   INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    ends_at        INTEGER NOT NULL,
    device         TEXT    NOT NULL,
    address        TEXT,
    auth_time      INTEGER NOT NULL,
    amr            TEXT    NOT NULL,
    email          TEXT    NOT NULL,
    email_verified INTEGER NOT NULL,
    roles          TEXT    NOT NULL,
    issued_after   INTEGER NOT NULL,
    PRIMARY KEY (user_id, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE codes (
    purpose    TEXT    NOT NULL,
    mailbox    BLOB    NOT NULL,
    client_id  TEXT    NOT NULL,
    digest     BLOB    NOT NULL,
    payload    BLOB    NOT NULL,
    attempts   INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (purpose, mailbox, client_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX codes_expiry ON codes (expires_at);

CREATE TABLE limits (
    key     TEXT    PRIMARY KEY,
    full_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX limits_full ON limits (full_at);
