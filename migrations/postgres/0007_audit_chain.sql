-- The order in which events were sealed: numbers without gaps, and a hash that
-- covers the event and the link before. No column of audit_events says so: what is
-- in there is never changed.
CREATE TABLE audit_links (
    number BIGINT PRIMARY KEY,
    seq    BIGINT NOT NULL UNIQUE,
    hash   BYTEA  NOT NULL
);

-- One for each time that links were added: the last of them, under our key.
CREATE TABLE audit_seals (
    number    BIGINT      PRIMARY KEY,
    sealed_at TIMESTAMPTZ NOT NULL,
    key_id    BYTEA       NOT NULL,
    mac       BYTEA       NOT NULL
);

-- Both ends of the chain, under our key.
CREATE TABLE audit_chain (
    id           INTEGER     PRIMARY KEY CHECK (id = 1),
    begun_at     TIMESTAMPTZ NOT NULL,
    removed      BIGINT      NOT NULL,
    removed_hash BYTEA       NOT NULL,
    last         BIGINT      NOT NULL,
    last_hash    BYTEA       NOT NULL,
    settled      BIGINT      NOT NULL,
    seen         BIGINT      NOT NULL,
    horizon      BIGINT      NOT NULL,
    key_id       BYTEA       NOT NULL,
    mac          BYTEA       NOT NULL
);
