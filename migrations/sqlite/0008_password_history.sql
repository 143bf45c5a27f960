-- Passwords that were replaced. They go with their account.
CREATE TABLE password_history (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id     BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    scheme      TEXT    NOT NULL,
    hash        TEXT    NOT NULL,
    replaced_at INTEGER NOT NULL
) STRICT;

CREATE INDEX password_history_user ON password_history (user_id, id);
