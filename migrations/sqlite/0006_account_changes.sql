-- When the password was last chosen, which a hash that is only stored anew is not.
ALTER TABLE accounts ADD COLUMN password_changed_at INTEGER NOT NULL DEFAULT 0;

-- Clients on which a person has signed in before.
CREATE TABLE known_clients (
    user_id   BLOB    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    client_id TEXT    NOT NULL,
    since     INTEGER NOT NULL,
    PRIMARY KEY (user_id, client_id)
) STRICT, WITHOUT ROWID;
