-- Certificates with such an id are those of a service. An id is of one service.
CREATE TABLE service_identities (
    spiffe_id  TEXT    PRIMARY KEY,
    service_id BLOB    NOT NULL REFERENCES service_accounts (id),
    created_at INTEGER NOT NULL
) STRICT;
