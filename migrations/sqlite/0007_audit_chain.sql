-- The order in which events were sealed: numbers without gaps, and a hash that
-- covers the event and the link before. No column of audit_events says so: what is
-- in there is never changed.
CREATE TABLE audit_links (
    number INTEGER PRIMARY KEY,
    seq    INTEGER NOT NULL UNIQUE,
    hash   BLOB    NOT NULL
) STRICT;

-- One for each time that links were added: the last of them, under our key.
CREATE TABLE audit_seals (
    number    INTEGER PRIMARY KEY,
    sealed_at INTEGER NOT NULL,
    key_id    BLOB    NOT NULL,
    mac       BLOB    NOT NULL
) STRICT;

-- Both ends of the chain, under our key.
CREATE TABLE audit_chain (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    begun_at     INTEGER NOT NULL,
    removed      INTEGER NOT NULL,
    removed_hash BLOB    NOT NULL,
    last         INTEGER NOT NULL,
    last_hash    BLOB    NOT NULL,
    settled      INTEGER NOT NULL,
    seen         INTEGER NOT NULL,
    horizon      INTEGER NOT NULL,
    key_id       BLOB    NOT NULL,
    mac          BLOB    NOT NULL
) STRICT;
