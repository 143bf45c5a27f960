CREATE TABLE service_accounts (
    id         BLOB    PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    scopes     TEXT    NOT NULL,
    secret_id  BLOB    NOT NULL,
    digest     BLOB    NOT NULL,
    disabled   INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

-- Set on the line of one access token. The release before takes such a line for
-- that of a session which nobody has.
ALTER TABLE revocation_journal ADD COLUMN token_id BLOB;

-- Sessions and tokens that were taken back, each once.
CREATE TABLE revoked_ids (
    id         BLOB    PRIMARY KEY,
    seq        INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX revoked_ids_expiry ON revoked_ids (expires_at);

CREATE TABLE revocation_feed (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    epoch TEXT    NOT NULL
) STRICT;

INSERT INTO revocation_feed (id, epoch) VALUES (1, '');
