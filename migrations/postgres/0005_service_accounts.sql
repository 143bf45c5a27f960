CREATE TABLE service_accounts (
    id         UUID        PRIMARY KEY,
    name       TEXT        NOT NULL UNIQUE,
    scopes     TEXT[]      NOT NULL,
    secret_id  BYTEA       NOT NULL,
    digest     BYTEA       NOT NULL,
    disabled   BOOLEAN     NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);

-- Set on the line of one access token. The release before takes such a line for
-- that of a session which nobody has.
ALTER TABLE revocation_journal ADD COLUMN token_id UUID;

-- Sessions and tokens that were taken back, each once.
CREATE TABLE revoked_ids (
    id         UUID        PRIMARY KEY,
    seq        BIGINT      NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);

CREATE INDEX revoked_ids_expiry ON revoked_ids (expires_at);

CREATE TABLE revocation_feed (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    epoch TEXT    NOT NULL
);

INSERT INTO revocation_feed (id, epoch) VALUES (1, '');
