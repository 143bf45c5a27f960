CREATE TABLE outbox (
    id              BIGINT      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind            TEXT        NOT NULL,
    recipient       TEXT        NOT NULL,
    locale          TEXT        NOT NULL,
    parameters      JSONB       NOT NULL,
    created_at      TIMESTAMPTZ NOT NULL,
    attempts        BIGINT      NOT NULL,
    next_attempt_at TIMESTAMPTZ NOT NULL,
    leased_until    TIMESTAMPTZ
);

CREATE INDEX outbox_next_attempt ON outbox (next_attempt_at, id);
