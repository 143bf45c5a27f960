-- Certificates with such an id are those of a service. An id is of one service.
CREATE TABLE service_identities (
    spiffe_id  TEXT        PRIMARY KEY,
    service_id UUID        NOT NULL REFERENCES service_accounts (id),
    created_at TIMESTAMPTZ NOT NULL
);
